/** What a command sees of the world around it: streams, environment, the wish to stop. Tests hand in their own. */
import { styleText } from 'node:util';
import type { Clock } from '../base/index.ts';
import type { PlatformOptions, PlatformService, VerifiedKey } from '../platform/index.ts';

/** What a platform is opened with beside the data directory. */
export type PlatformSettings = Partial<Omit<PlatformOptions, 'dataDir' | 'clock' | 'logger'>>;

/** A platform opened in this process. */
export interface OwnedPlatform extends PlatformService {
  readonly adminKey: string;
  verifyKey(secret: string): VerifiedKey | null;
  setAddress(address: string): void;
}

/** Whose the data directory is; the address is empty while its process starts or is a command without a server. */
export interface OwnerOnDisk {
  readonly address: string;
  readonly token: string;
  readonly pid: number;
}

export interface Cli {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Results. */
  out(text: string): void;
  /** Progress, hints and errors. */
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Characters a line of the terminal. */
  readonly columns: number;
  /** The working directory. */
  readonly cwd: string;
  /** Aborted by the first Ctrl-C. */
  readonly stop: AbortSignal;
  openPlatform(dataDir: string, settings?: PlatformSettings): Promise<OwnedPlatform>;
  readOwner(dataDir: string): Promise<OwnerOnDisk | null>;
}

export type Style = Parameters<typeof styleText>[0];

/** Styles text for the terminal; plain where standard output is none, or NO_COLOR is set. */
export function painter(cli: Cli): (style: Style, text: string) => string {
  const coloured = cli.outIsTerminal && (cli.env['NO_COLOR'] ?? '') === '' && cli.env['TERM'] !== 'dumb';
  return (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text);
}

/** Titles come from outside: nothing in them may steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
}

/** Columns that text takes: East Asian wide characters and emoji take two, combining marks none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character.codePointAt(0) ?? 0);
  return width;
}

function widthOfCharacter(code: number): number {
  if ((code >= 0x300 && code <= 0x36f) || (code >= 0x200b && code <= 0x200d) || (code >= 0xfe00 && code <= 0xfe0f)) {
    return 0;
  }
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

/** Cut or padded to exactly `width` columns. */
export function fitted(text: string, width: number): string {
  let used = 0;
  let kept = '';
  const full = widthOf(text);
  for (const character of text) {
    const next = widthOfCharacter(character.codePointAt(0) ?? 0);
    if (used + next > (full > width ? width - 1 : width)) break;
    kept += character;
    used += next;
  }
  if (full > width) {
    kept += '…';
    used += 1;
  }
  return kept + ' '.repeat(Math.max(0, width - used));
}
