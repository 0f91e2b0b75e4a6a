import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { findIn } from '../../src/cli/project/find.js';
import type { Piece } from '../../src/cli/project/piece.js';
import { piecesOf } from '../../src/cli/project/plan-pieces.js';
import { readProject } from '../../src/cli/project/project.js';
import { withLocal } from '../../src/cli/project/propose-local.js';
import { readDockerfile } from '../../src/cli/project/read-dockerfile.js';
import { projectText } from '../../src/cli/project/write-project.js';
import { deployment, treeOf } from './tree.js';

function proposed(texts: Record<string, string>): Piece {
  const tree = treeOf({ 'k8s/api.yaml': deployment('api', 'me/api:1'), ...texts });
  const findings = findIn(tree);
  const [piece] = piecesOf(findings);
  if (piece === undefined) throw new Error('no piece');
  return withLocal(piece, findings, (path) => tree.text(path));
}

/** A repository, and how its workload `api` is proposed to run; the words of what is told besides. */
const repositories: [what: string, texts: Record<string, string>, local: object | undefined, ...told: RegExp[]][] = [
  [
    'Node: the port by a variable that the sources read',
    {
      'app/Dockerfile':
        'FROM node:24\nWORKDIR /app\nCOPY package.json server.js ./\nENV NODE_ENV=production\nEXPOSE 8000\nCMD ["node", "server.js"]\n',
      'app/package.json': '{"dependencies":{"express":"5"}}',
      'app/server.js': 'listen(process.env.DB_PORT, process.env.PORT ?? 8000)',
    },
    {
      command: ['node', 'server.js'],
      folder: 'app',
      environment: { NODE_ENV: 'production', PORT: '{port}' },
      from: { file: 'app/Dockerfile', line: 6 },
    },
    /needs its packages: npm ci in app/,
  ],
  [
    'Node without CMD: npm start',
    {
      'app/Dockerfile': 'FROM node:24\nWORKDIR /app\nCOPY . .\n',
      'app/package.json': '{"scripts":{"start":"node x.js"}}',
    },
    { command: ['npm', 'start'], folder: 'app', from: { file: 'app/package.json' } },
  ],
  [
    'TypeScript: what must be built is told',
    {
      'app/Dockerfile':
        'FROM node:24 AS b\nRUN npm run build\nFROM node:24\nWORKDIR /srv\nCOPY --from=b /dist ./dist\nCOPY package.json .\nCMD node dist/main.js\n',
      'app/package.json': '{}',
    },
    { command: ['node', 'dist/main.js'], folder: 'app' },
    /needs dist\/main.js: npm run build/,
  ],
  [
    'Python: uvicorn, its port in the command',
    {
      'app/Dockerfile':
        'FROM python:3.11-slim\nWORKDIR /code\nCOPY ./requirements.txt .\nCOPY ./src /code/src\nENV PYTHONUNBUFFERED=1\nEXPOSE 8000\nCMD ["uvicorn", "src.main:app", "--host", "0.0.0.0", "--port", "8000"]\n',
      'app/requirements.txt': 'fastapi\n',
      'app/src/main.py': 'app = 1\n',
    },
    { command: ['uvicorn', 'src.main:app', '--host', '127.0.0.1', '--port', '{port}'], folder: 'app', environment: {} },
    /virtual environment.*requirements.txt in app/,
  ],
  [
    'Python: gunicorn in the shell form, sources in a folder of their own',
    {
      'app/Dockerfile':
        'FROM python:3\nWORKDIR /app\nCOPY src/ /app\nEXPOSE 8000\nCMD gunicorn -w 2 \\\n  -b 0.0.0.0:8000 wsgi:app\n',
      'app/src/wsgi.py': '',
    },
    { command: ['gunicorn', '-w', '2', '-b', '127.0.0.1:{port}', 'wsgi:app'], folder: 'app/src', from: { line: 5 } },
  ],
  [
    'Python: a hard-coded port is told',
    {
      'app/Dockerfile':
        'FROM python:3\nWORKDIR /app\nCOPY . /app\nEXPOSE 8000\nENTRYPOINT ["python"]\nCMD ["/app/main.py"]\n',
      'app/main.py': 'serve(8000)',
    },
    { command: ['python3', './main.py'], folder: 'app', environment: {} },
    /listens on 8000 whatever it is told/,
  ],
  [
    'Go: the package that is built',
    {
      'app/Dockerfile':
        'FROM golang:1.24 AS b\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /bin/api ./cmd/api\nFROM scratch\nCOPY --from=b /bin/api /api\nEXPOSE 8000\nENTRYPOINT ["/api"]\n',
      'app/go.mod': 'module api\n',
      'app/cmd/api/main.go': 'os.Getenv("HTTP_PORT")',
    },
    {
      command: ['go', 'run', './cmd/api'],
      folder: 'app',
      environment: { HTTP_PORT: '{port}' },
      from: { file: 'app/go.mod' },
    },
  ],
  [
    'Go at the root',
    { Dockerfile: 'FROM golang\nCOPY . .\nRUN go build -o x\nCMD ["./x"]\n', 'go.mod': 'module x\n', 'main.go': '' },
    { command: ['go', 'run', '.'], folder: '.' },
  ],
  [
    'Java is told',
    {
      'app/Dockerfile': 'FROM openjdk\nCOPY target/a.jar /a.jar\nCMD ["java","-jar","/a.jar"]\n',
      'app/pom.xml': '<project/>',
      'app/target/a.jar': '',
    },
    { command: ['mvn', '-q', 'spring-boot:run'], folder: 'app' },
    /needs a JDK and Maven/,
  ],
  [
    'a program that is compiled for the image',
    { 'app/Dockerfile': 'FROM scratch\nCOPY api /\nCMD ["/api"]\n', 'app/api': '' },
    undefined,
    /no local entry for me\/api:1/,
  ],
  [
    'a line for a shell',
    {
      'app/Dockerfile': 'FROM python:3\nWORKDIR /app\nCOPY . .\nCMD alembic upgrade head && python main.py\n',
      'app/main.py': 'os.getenv("PORT")',
    },
    { command: ['sh', '-c', 'alembic upgrade head && python main.py'], folder: 'app' },
  ],
];

t.test('how a workload runs without a cluster, by what its repository holds', async (t) => {
  for (const [what, texts, local, ...told] of repositories) {
    const { local: entries = [], guesses } = proposed(texts);
    t.match(entries, local === undefined ? [] : [{ workload: 'api', ...local }], what);
    t.equal(entries.length, local === undefined ? 0 : 1, what);
    const said = guesses.filter(({ about }) => about === 'local').map(({ text }) => text);
    t.match(said, told, `${what}: ${said.join('; ')}`);
    t.equal(said.length, told.length, `${what}: ${said.join('; ')}`);
  }
});

t.test('what is proposed is a hwctl.yaml that holds', async (t) => {
  for (const [what, texts, local] of repositories) {
    const folder = mkdtempSync(join(tmpdir(), 'hwctl-local-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    for (const [path, text] of Object.entries({ 'k8s/api.yaml': deployment('api', 'me/api:1'), ...texts })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const file = join(folder, 'hwctl.yaml');
    writeFileSync(file, projectText(folder, [proposed(texts)]));
    const [stack] = readProject(file).stacks.values();
    if (local === undefined) t.equal(stack?.local, undefined, what);
    else t.match(stack?.local?.api?.command, (local as { command: string[] }).command, what);
  }
});

t.test('a Dockerfile as Docker reads it', async (t) => {
  t.match(
    readDockerfile(
      'FROM a AS one\nWORKDIR /x\nENV A=1\nCMD ["one"]\nFROM b\n# a comment\nWORKDIR /app\nWORKDIR src\nENV A="two words" B=2\nENV C three words\nCOPY --chown=1 a b ./\nCOPY --from=one /x /y\nCOPY ["c d", "/e"]\nENTRYPOINT ["sh", "run.sh"]\nCMD ["--fast"]\n',
    ),
    {
      workdir: '/app/src',
      env: { A: 'two words', B: '2', C: 'three words' },
      command: ['sh', 'run.sh', '--fast'],
      copies: [
        { from: ['a', 'b'], to: '/app/src' },
        { from: ['c d'], to: '/e' },
      ],
      line: 14,
    },
  );
  t.same(readDockerfile('FROM a\nCMD exec node "a b.js"\n').command, ['exec', 'node', 'a b.js']);
  t.equal(readDockerfile('FROM a\nCMD [broken\n').command, undefined);
});
