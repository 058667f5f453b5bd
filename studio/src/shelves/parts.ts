/** What the page “Shelves” can show: its parts, and the spans of its figures. */

export const PARTS = ['figures', 'campaigns'] as const;
export type Part = (typeof PARTS)[number];

export const SPANS = ['today', 'week', 'fortnight', 'all'] as const;
export type Span = (typeof SPANS)[number];
