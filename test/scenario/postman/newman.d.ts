declare module 'newman' {
  interface Count {
    total: number;
    failed: number;
  }
  export interface Summary {
    run: {
      stats: Record<'requests' | 'assertions' | 'testScripts' | 'prerequestScripts' | 'iterations', Count>;
      failures: { error: { name: string; test?: string; message: string }; source?: { name?: string } }[];
    };
  }
  function run(options: Record<string, unknown>, done: (error: Error | null, summary: Summary) => void): void;
  const newman: { run: typeof run };
  export default newman;
}
