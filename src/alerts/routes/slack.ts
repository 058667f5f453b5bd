/** The JSON of Slack's incoming webhooks, which Mattermost, Rocket.Chat and others take too. */
import { headline, lineOf } from '../notice.ts';
import { checkedUrl, post } from './post.ts';
import type { Route } from './route.ts';

export interface SlackRoute {
  readonly to: 'slack';
  readonly name: string;
  /** Who has it can post: it is a secret. */
  readonly url: string;
}

/** Slack takes at most 50 blocks, and 3,000 characters in one. */
const SHOWN_ALERTS = 20;
const SHOWN_CHARACTERS = 1000;

export function slackRoute({ name, url }: SlackRoute, timeoutMs: number): Route {
  const href = checkedUrl(`alert route "${name}"`, url);
  return {
    name,
    send: (notice) => {
      const lines = notice.alerts.slice(0, SHOWN_ALERTS).map((alert) => escaped(lineOf(alert)));
      const more = notice.alerts.length - lines.length;
      if (more > 0) lines.push(`and ${more} more`);
      const text = escaped(headline(notice));
      const blocks = [`*${text}*`, ...lines].map((line) => ({ type: 'section', text: { type: 'mrkdwn', text: line } }));
      return post(href, { 'idempotency-key': notice.id }, JSON.stringify({ text, blocks }), timeoutMs);
    },
    close: () => {},
  };
}

/** The three characters that Slack reads; mentions and links cannot be made without them. */
const escaped = (text: string): string =>
  text.slice(0, SHOWN_CHARACTERS).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
