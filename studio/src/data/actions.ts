/** What can be done about a finding, from wherever it is shown: the page holds the questions. */
import { createContext, useContext } from 'react';
import type { AlertView } from '../../../src/server/contract.ts';
import type { Finding } from './use-findings.ts';

/** A question in front of the page. */
export type Asked =
  | { readonly what: 'accept'; readonly finding: Finding }
  | { readonly what: 'alert'; readonly finding: Finding }
  | { readonly what: 'silence'; readonly alert: AlertView };

export const AskContext = createContext<(asked: Asked) => void>(() => undefined);

export function useAsk(): (asked: Asked) => void {
  return useContext(AskContext);
}
