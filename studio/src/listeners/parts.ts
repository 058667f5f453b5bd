/** The parts of a listener's page, as its address names them. */
export const PARTS = ['state', 'timeline', 'decisions'] as const;
export type Part = (typeof PARTS)[number];
