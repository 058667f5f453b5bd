/** One POST of JSON, and what its answer means. */
import { SECOND_MS, ShelfwiseError } from '../../base/index.ts';
import { type Attempt, codeOf, DELIVERED, failed } from './route.ts';

/** Throws OPTION_INVALID, without the address in it: it may be a secret. */
export function checkedUrl(owner: string, text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw new ShelfwiseError('OPTION_INVALID', `${owner}: url is no http or https address without a user in it`);
  }
  return url.href;
}

/**
 * 2xx is delivered; 410 is refused for good; everything else is tried again. Redirects are not followed: what is signed for
 * one receiver is for no other.
 */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  timeoutMs: number,
): Promise<Attempt> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'shelfwise', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (response.ok) return DELIVERED;
    if (response.status === 410) return { outcome: 'refused', reason: 'HTTP 410', pauseMs: 0 };
    const seconds = Number(response.headers.get('retry-after') ?? 0);
    return failed(`HTTP ${response.status}`, seconds > 0 ? seconds * SECOND_MS : 0);
  } catch (error) {
    return failed(codeOf(error));
  }
}
