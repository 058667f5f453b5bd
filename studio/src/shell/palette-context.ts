/** How any part of the page opens the search over everything. */
import { createContext, use } from 'react';

export const PaletteContext = createContext<() => void>(() => undefined);

export function useOpenPalette(): () => void {
  return use(PaletteContext);
}
