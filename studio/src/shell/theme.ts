/** Mantine in the page's own colours; everything else reads the tokens of tokens.css. */
import { Combobox, createTheme, type MantineColorsTuple, Menu } from '@mantine/core';
import overlays from './overlays.module.css';

const AMBER: MantineColorsTuple = [
  '#fff6e5',
  '#ffeacc',
  '#fdd49b',
  '#fabd66',
  '#f8ab3d',
  '#f6b352',
  '#e0912a',
  '#c67a17',
  '#a9650f',
  '#8f5204',
];

const { dropdown, item, option, search, label, divider } = overlays as Record<string, string>;

export const theme = createTheme({
  components: {
    Menu: Menu.extend({ classNames: { dropdown, item, label, divider } }),
    Combobox: Combobox.extend({ classNames: { dropdown, option, search } }),
  },
  fontFamily: 'var(--font)',
  primaryColor: 'amber',
  primaryShade: 5,
  colors: { amber: AMBER },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
});
