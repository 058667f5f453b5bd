/** Entry of the web page. */
import '@fontsource-variable/figtree/wght.css';
import '@mantine/core/styles/baseline.css';
import '@mantine/core/styles/default-css-variables.css';
import '@mantine/core/styles/global.css';
import '@mantine/core/styles/ScrollArea.css';
import '@mantine/core/styles/UnstyledButton.css';
import '@mantine/core/styles/VisuallyHidden.css';
import '@mantine/core/styles/Paper.css';
import '@mantine/core/styles/Popover.css';
import '@mantine/core/styles/CloseButton.css';
import '@mantine/core/styles/Loader.css';
import '@mantine/core/styles/ActionIcon.css';
import '@mantine/core/styles/Button.css';
import '@mantine/core/styles/Input.css';
import '@mantine/core/styles/InlineInput.css';
import '@mantine/core/styles/PasswordInput.css';
import '@mantine/core/styles/Combobox.css';
import '@mantine/core/styles/Menu.css';
import './tokens.css';
import { Combobox, createTheme, type MantineColorsTuple, MantineProvider, Menu } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiProblem } from './api.ts';
import { App } from './app.tsx';
import { takeKeyFromAddress } from './key.ts';
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

const theme = createTheme({
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

/** A platform that is still starting is waited for; any other failure is shown at once, with a button to try again. */
const STARTING_RETRIES = 60;
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, failure) => failure instanceof ApiProblem && failure.status === 503 && count < STARTING_RETRIES,
      retryDelay: 2000,
      refetchOnWindowFocus: false,
    },
  },
});

takeKeyFromAddress();
// The printed address, opened where the page is open already: only the fragment changes.
window.addEventListener('hashchange', () => {
  if (takeKeyFromAddress()) void queries.resetQueries();
});

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
