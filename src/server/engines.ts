/** Other engines whose requests this server takes, so that who moves in need not change their callers first: docs/moving-in.md. */

/** Headers in which their clients send a key. */
export const OTHER_KEY_HEADERS = ['x-api-key', 'ocp-apim-subscription-key'] as const;

export const ENGINE_TAGS = [
  { name: 'gorse', description: 'Calls shaped like those of Gorse.' },
  { name: 'metarank', description: 'Calls shaped like those of Metarank.' },
  { name: 'personalizer', description: 'Calls shaped like those of Azure Personalizer.' },
];
