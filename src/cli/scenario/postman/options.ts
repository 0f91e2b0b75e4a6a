import type { Clock } from '../../kernel/clock.js';
import type { ScenarioEvent } from '../result.js';
import type { HostRoute } from '../send/host-routes.js';
import type { Uploads } from '../send/upload.js';
import type { CollectionRedirection } from './base-urls.js';

/** newman's options, by what they mean. */
export interface PostmanOptions {
  /** Where requests for these hosts go, whatever their names resolve to. */
  routes?: readonly HostRoute[];
  /** Variables and URLs that go elsewhere than the files say. */
  redirected?: CollectionRedirection;
  environment?: string;
  globals?: string;
  data?: string;
  iterations?: number;
  folders?: readonly string[];
  environmentVariables?: Record<string, string>;
  globalVariables?: Record<string, string>;
  bail?: boolean;
  delayRequestMs?: number;
  timeoutMs?: number;
  timeoutRequestMs?: number;
  timeoutScriptMs?: number;
  insecure?: boolean;
  /** PEM files: authorities to trust beside the system's; the client's certificate, its key and the key's passphrase. */
  caFile?: string;
  certFile?: string;
  keyFile?: string;
  passphrase?: string;
  /** Whole exchanges are wanted as `traffic` events. */
  traffic?: boolean;
  ignoreRedirects?: boolean;
  workingDir?: string;
  /** Where uploads are read; the folder is `workingDir`. */
  uploads?: Omit<Uploads, 'folder'>;
  /** Requests may go to http://unix:SOCKET:PATH. */
  allowUnixSocket?: boolean;
  /** Words that the command for one request alone ends with. */
  rerun?: readonly string[];
  cwd: string;
  clock: Clock;
  signal: AbortSignal;
  onEvent?(event: ScenarioEvent): void;
}
