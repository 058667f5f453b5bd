/** Keys of the list of features: the arrows go from one to the next, `/` into the search, Escape closes what is open. Enter opens, as on any button. */
import { type RefObject, useEffect } from 'react';

const BUTTONS = 'button[data-opens]';

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;
}

/** Within another thing of the arrows: a strip, a region that scrolls. */
function isElsewhere(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('[role="tablist"], dialog') !== null;
}

function inView(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}

/** The one `step` further in the document; where none has the focus the first in view, or the first. */
function neighbour(step: 1 | -1): HTMLElement | undefined {
  const buttons = [...document.querySelectorAll<HTMLElement>(BUTTONS)];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  return at < 0 ? (buttons.find(inView) ?? buttons[0]) : buttons[at + step];
}

export function useFeatureKeys(
  field: RefObject<HTMLInputElement | null>,
  open: string | undefined,
  onOpen: (feature: string | undefined) => void,
): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isElsewhere(event.target)) return;
      if (event.key === '/' && !isTyping(event.target)) {
        // Before the search over everything takes it, which has a key of its own.
        event.preventDefault();
        event.stopPropagation();
        field.current?.focus();
        field.current?.select();
      } else if (event.key === 'Escape') {
        if (event.target === field.current) field.current?.blur();
        else if (open !== undefined) {
          onOpen(undefined);
          document.querySelector<HTMLElement>(`${BUTTONS}[data-opens="${CSS.escape(open)}"]`)?.focus();
        }
      } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        const onList = event.target instanceof HTMLElement && event.target.matches(`${BUTTONS}, body, main`);
        const fromField = event.target === field.current && event.key === 'ArrowDown';
        const next = onList || fromField ? neighbour(event.key === 'ArrowDown' ? 1 : -1) : undefined;
        if (next === undefined) return;
        event.preventDefault();
        next.focus({ preventScroll: true });
        next.scrollIntoView({ block: 'nearest' });
      }
    };
    // In the capture phase: the page's own keys come before those of the shell around it.
    document.addEventListener('keydown', onKeyDown, { capture: true });
    return () => document.removeEventListener('keydown', onKeyDown, { capture: true });
  }, [field, open, onOpen]);
}
