/** The two parts of the page. */
import { Link } from '@tanstack/react-router';
import parts from '../shell/parts.module.css';

export function Parts({ here }: { readonly here: 'compare' | 'decision' }) {
  return (
    <nav className={parts.parts} aria-label="Parts of this page">
      <Link
        to="/what-if"
        search={{}}
        aria-current={here === 'compare' ? 'page' : undefined}
        activeOptions={{ exact: true }}
      >
        Many decisions
      </Link>
      <Link to="/what-if/decision" search={{}} aria-current={here === 'decision' ? 'page' : undefined}>
        One decision
      </Link>
    </nav>
  );
}
