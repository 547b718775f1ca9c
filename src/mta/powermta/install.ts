import { HarnessError } from '../../core/errors.ts';
import { runCommand } from '../../core/process.ts';
import { locate } from '../packages/locate.ts';

/** PowerMTA's programs, as they were found. */
export interface Installation {
  /** The mail server. */
  readonly pmtad: string;
  /** The command line tool; undefined if it is not there. */
  readonly pmta: string | undefined;
  /** The monitor's web server, a program of its own; undefined if it is not there. */
  readonly pmtahttpd: string | undefined;
}

/** Finds PowerMTA. Throws (kind `lab`) if it is not there. */
export function installation(): Installation {
  const pmtad = locate(['pmtad']);
  if (pmtad === undefined) {
    throw new HarnessError('lab', 'PowerMTA is not installed', {
      hint: 'it needs a licence; `windtunnel mta config powermta SCENARIO` prints its configuration without it',
    });
  }
  return { pmtad, pmta: locate(['pmta']), pmtahttpd: locate(['pmtahttpd']) };
}

/** Its name, and its version if it tells. */
export async function version(): Promise<string> {
  const { pmtad } = installation();
  const { stdout, stderr } = await runCommand([pmtad, '--version'], { timeout: 5000 });
  const found = /\bv?(\d+\.\d+[\w.]*)/.exec(`${stdout}\n${stderr}`)?.[1];
  return found === undefined ? 'PowerMTA' : `PowerMTA ${found}`;
}
