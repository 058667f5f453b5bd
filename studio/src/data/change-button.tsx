/** A button that changes something for everybody: it says so where the key may only look. */
import { Button, type ButtonProps } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ComponentPropsWithoutRef } from 'react';
import { ApiProblem, call } from '../shell/api.ts';

const FORBIDDEN = 403;

/** A key does not tell its scopes; what only `admin` may read does. Whatever else goes wrong there is told by the change itself. */
function useMayChange(): boolean {
  const { error } = useQuery({
    queryKey: ['may-change'],
    queryFn: async ({ signal }) => {
      await call('/v1/switches', { signal });
      return true;
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return !(error instanceof ApiProblem && error.status === FORBIDDEN);
}

type ChangeButtonProps = ButtonProps & Omit<ComponentPropsWithoutRef<'button'>, keyof ButtonProps>;

export function ChangeButton({ disabled = false, title, ...rest }: ChangeButtonProps) {
  const may = useMayChange();
  return (
    <Button
      radius="xl"
      {...rest}
      disabled={disabled || !may}
      title={may ? title : 'Needs a key with the scope admin'}
    />
  );
}
