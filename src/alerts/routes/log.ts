/** The log: a line an alert. */
import { lineOf } from '../notice.ts';
import { DELIVERED, type Route } from './route.ts';

export interface LogRoute {
  readonly to: 'log';
  readonly name: string;
}

export interface AlertLogger {
  info(details: Record<string, unknown>, message: string): void;
  warn(details: Record<string, unknown>, message: string): void;
  error(details: Record<string, unknown>, message: string): void;
}

export function logRoute({ name }: LogRoute, logger: AlertLogger): Route {
  return {
    name,
    send: async ({ id, event, alerts }) => {
      for (const alert of alerts) {
        const details = { notice: id, alert: alert.id, rule: alert.rule, event };
        if (event === 'recovered') logger.info(details, `Recovered: ${lineOf(alert)}`);
        else if (alert.severity === 'error') logger.error(details, lineOf(alert));
        else logger.warn(details, lineOf(alert));
      }
      return DELIVERED;
    },
    close: () => {},
  };
}
