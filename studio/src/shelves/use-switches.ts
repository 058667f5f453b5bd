/** The kill switches: read once and again, and turned with the way back at hand. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { SwitchList } from '../../../src/server/contract.ts';
import { problemOf } from '../shell/states.tsx';
import type { Notify } from '../shell/use-notices.ts';
import { fetchSwitches, putSwitch } from './api.ts';

const KEY = ['switches'];

export interface Switches {
  /** Undefined where it is not known, or cannot be switched. */
  isOn(target: string): boolean | undefined;
  /** All that can be switched. */
  readonly targets: readonly string[];
  turn(target: string, on: boolean, name: string): void;
  readonly busy: boolean;
  /** Why they cannot be read: a key that may not, say. */
  readonly failure: unknown;
}

export function useSwitches(notify: Notify): Switches {
  const queries = useQueryClient();
  const { data, error } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => fetchSwitches(signal) });
  const { mutate, isPending } = useMutation({
    mutationFn: ({ target, on }: { target: string; on: boolean; name: string }) => putSwitch({ target, on }),
    onSuccess(list, { target, on, name }) {
      queries.setQueryData<SwitchList>(KEY, list);
      notify({
        text: on ? `${name} is back, from the next Home on.` : `${name} is off: no Home has it from now on.`,
        action: { label: 'Undo', run: () => mutate({ target, on: !on, name }) },
      });
    },
    onError(failure, { name }) {
      const { message, remedy } = problemOf(failure);
      notify({ text: `${name} was not switched: ${message} ${remedy}`, bad: true });
    },
  });
  return {
    isOn: (target) => data?.switches.find((one) => one.target === target)?.on,
    targets: data?.switches.map(({ target }) => target) ?? [],
    turn: (target, on, name) => mutate({ target, on, name }),
    busy: isPending,
    failure: error,
  };
}
