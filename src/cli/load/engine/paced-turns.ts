/** An arrival that waits until its user is free. */
export interface WaitingTurn {
  index: number;
  dueUs: number;
}

/** Paced users: who is busy, and the one turn that waits for each of them. */
export class PacedTurns {
  private readonly busy = new Set<number>();
  private readonly waiting = new Map<number, WaitingTurn>();

  /** Whether the user is at it still. */
  isBusy(user: number): boolean {
    return this.busy.has(user);
  }

  begin(user: number): void {
    this.busy.add(user);
  }

  /** Keeps a turn until its user is free. Only the newest waits: true where an older one is lost for it. */
  wait(user: number, turn: WaitingTurn): boolean {
    const lost = this.waiting.has(user);
    this.waiting.set(user, turn);
    return lost;
  }

  /** The user is free; the turn that waited for it. */
  end(user: number): WaitingTurn | undefined {
    this.busy.delete(user);
    const turn = this.waiting.get(user);
    if (turn !== undefined) this.waiting.delete(user);
    return turn;
  }

  /** Gives up all turns that wait; says how many. */
  giveUp(): number {
    const count = this.waiting.size;
    this.waiting.clear();
    return count;
  }
}
