/** E-mail by SMTP. */
import { createTransport } from 'nodemailer';
import { requireOneOf, requireTexts, ShelfwiseError } from '../../base/index.ts';
import { headline, lineOf } from '../notice.ts';
import { codeOf, DELIVERED, failed, type Route } from './route.ts';

export interface MailRoute {
  readonly to: 'mail';
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `starttls` sends nothing unless the server upgrades; `tls` from the first byte (port 465); `none` is for a relay on this machine. */
  readonly security: 'starttls' | 'tls' | 'none';
  /** Null for a relay that asks for none. */
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly from: string;
  readonly recipients: readonly string[];
  /** PEM of an authority of one's own. @default the machine's */
  readonly ca?: string | undefined;
}

export function mailRoute(given: MailRoute, timeoutMs: number): Route {
  const { name, host, port, security, login, from, recipients, ca } = given;
  const owner = `alert route "${name}"`;
  requireOneOf(owner, 'security', security, ['starttls', 'tls', 'none']);
  requireTexts(owner, 'recipients', recipients);
  if (recipients.length === 0) throw new ShelfwiseError('OPTION_INVALID', `${owner}: recipients is empty`);
  if (security === 'none' && login !== null) {
    throw new ShelfwiseError('OPTION_INVALID', `${owner}: a password goes over no connection without TLS`);
  }
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(login === null ? {} : { auth: { user: login.user, pass: login.password } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = from.slice(from.lastIndexOf('@') + 1).replace(/[^\w.-]/g, '');
  return {
    name,
    send: async (notice) => {
      try {
        const { rejected } = await transport.sendMail({
          from,
          to: [...recipients],
          subject: `[Shelfwise] ${headline(notice)}`,
          text: `${notice.alerts.map(lineOf).join('\n')}\n`,
          // The same at a repetition: servers and readers show it once.
          messageId: `<${notice.id}@${domain}>`,
          date: new Date(notice.atMs),
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
        // Once more would reach the others twice.
        const reason = rejected.length > 0 ? `${rejected.length} of ${recipients.length} recipients were refused` : '';
        return { ...DELIVERED, reason };
      } catch (error) {
        const answer = error instanceof Error && 'responseCode' in error ? ` ${error.responseCode}` : '';
        return failed(`SMTP ${codeOf(error)}${answer}`);
      }
    },
    close: () => transport.close(),
  };
}
