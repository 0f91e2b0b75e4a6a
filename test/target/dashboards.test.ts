import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { root } from '../golden.js';

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { uid: string };
  targets?: { refId: string; expr: string; datasource?: { uid: string } }[];
}
interface Board {
  uid: string;
  title: string;
  refresh: string;
  schemaVersion: number;
  panels: Panel[];
}

const folder = join(root, 'manifests', 'shared', 'monitoring');
const files = readdirSync(join(folder, 'dashboards'));
const boards = files.map((file) => JSON.parse(readFileSync(join(folder, 'dashboards', file), 'utf8')) as Board);

t.test('dashboards: provisioned, refreshed every 5 s, each panel with its place and its query', async (t) => {
  const kustomization = readFileSync(join(folder, 'kustomization.yaml'), 'utf8');
  const source = parse(readFileSync(join(folder, 'datasources.yaml'), 'utf8')).datasources[0].uid;
  t.equal(new Set(boards.map(({ uid }) => uid)).size, boards.length, 'ids differ');
  for (const [index, board] of boards.entries()) {
    t.match(kustomization, `dashboards/${files[index]}`, 'Grafana is given the file');
    t.match(board, { uid: /^[\w-]{1,40}$/, title: /./, refresh: '5s', schemaVersion: Number });
    t.equal(new Set(board.panels.map(({ id }) => id)).size, board.panels.length, `${board.title}: panels' ids differ`);
    const taken = new Map<string, string>();
    for (const { title, gridPos, targets = [], datasource } of board.panels) {
      t.ok(gridPos.w > 0 && gridPos.h > 0 && gridPos.x + gridPos.w <= 24, `${title} fits the grid`);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          if (taken.has(`${x},${y}`)) t.fail(`${title} lies over ${taken.get(`${x},${y}`)}`);
          taken.set(`${x},${y}`, title);
        }
      }
      t.ok(targets.length > 0, `${title} asks something`);
      t.equal(
        new Set(targets.map(({ refId }) => refId)).size,
        targets.length,
        `${title}: queries have names of their own`,
      );
      for (const { expr, datasource: own } of targets) {
        t.match(expr, /\S/);
        t.equal((own ?? datasource)?.uid, source, `${title} asks the provisioned data source`);
      }
    }
  }
});
