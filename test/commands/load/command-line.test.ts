import t from 'tap';
import { maskedCommandLine } from '../../../src/cli/commands/load/command-line.js';

const secret = 'S3CRET-value-77';

t.test('a command line as a report may show it', (t) => {
  const table: [given: string[], shown: string[]][] = [
    [
      ['load', '--rps', '5', '--header', 'Accept: text/html'],
      ['load', '--rps', '5', '--header', 'Accept: text/html'],
    ],
    [
      ['load', '--header', `Authorization: Bearer ${secret}`],
      ['load', '--header', 'Authorization: ••••••'],
    ],
    [
      ['load', `--header=X-Api-Key:${secret}`],
      ['load', '--header=X-Api-Key: ••••••'],
    ],
    [
      ['load', '-H', `Cookie: session=${secret}`],
      ['load', '-H', 'Cookie: ••••••'],
    ],
    [
      ['load', `-HX-Token: ${secret}`],
      ['load', '-HX-Token: ••••••'],
    ],
    [
      ['load', '--body', `{"login":"ann","password":"${secret}"}`],
      ['load', '--body', '{"login":"ann","password":"••••••"}'],
    ],
    [
      ['load', '-d', `user=ann&password=${secret}`],
      ['load', '-d', 'user=ann&password=••••••'],
    ],
    [
      ['load', '--body', '@order.json'],
      ['load', '--body', '@order.json'],
    ],
    [
      ['load', '--url', `http://ann:${secret}@127.0.0.1/?page=2&api_key=${secret}`],
      ['load', '--url', 'http://ann:••••••@127.0.0.1/?page=2&api_key=••••••'],
    ],
    [
      ['load', `--push=https://u:${secret}@push.example/metrics/job/x`],
      ['load', '--push=https://u:••••••@push.example/metrics/job/x'],
    ],
    [
      ['load', '--path', `/?access_token=${secret}`],
      ['load', '--path', '/?access_token=••••••'],
    ],
  ];
  for (const [given, shown] of table) t.same(maskedCommandLine(given), ['hwctl', ...shown], given.join(' '));
  t.end();
});
