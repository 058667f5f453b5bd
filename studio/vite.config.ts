import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `npm run build:studio` builds; `npx vite studio` develops against a platform on its usual port. */
export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    license: { fileName: 'LICENSES.md' },
    chunkSizeWarningLimit: 800,
  },
  server: {
    proxy: { '/v1': 'http://127.0.0.1:7878', '/covers': 'http://127.0.0.1:7878' },
  },
});
