/** A link to the same page with some of what it shows changed. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { changed, type SearchChange } from './address.ts';

interface DataLinkProps {
  readonly change: SearchChange;
  /** Undefined where it is no choice among others. */
  readonly current?: 'page' | 'true' | undefined;
  /** Back leads here again: it goes somewhere else, and does not only set something. @default false */
  readonly isStep?: boolean;
  readonly className?: string | undefined;
  readonly title?: string | undefined;
  readonly severity?: string | undefined;
  readonly children: ReactNode;
}

export function DataLink({ change, current, isStep = false, severity, children, ...rest }: DataLinkProps) {
  return (
    <Link
      from="/data"
      to="/data"
      search={(now) => changed(now, change)}
      replace={!isStep}
      resetScroll={isStep}
      aria-current={current}
      activeOptions={{ exact: true, includeSearch: true }}
      data-severity={severity}
      {...rest}
    >
      {children}
    </Link>
  );
}
