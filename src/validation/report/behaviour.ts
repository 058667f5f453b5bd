/**
 * What the report does in a browser: search, sort, kinds, scale, colours. The page carries the text of this one function,
 * so that it uses nothing from outside itself.
 */
export function behaviour(): void {
  const find = <E extends Element>(selector: string): E => document.querySelector<E>(selector)!;
  const all = <E extends Element>(selector: string): E[] => [...document.querySelectorAll<E>(selector)];
  const root = document.documentElement;
  const features = all<HTMLElement>('article').map((element) => ({
    element,
    path: element.dataset['path']!.toLowerCase(),
    kind: element.dataset['kind']!,
    isAnomalous: element.dataset['anomaly'] !== undefined,
    keys: {
      given: Number(element.dataset['at']),
      distance: -Number(element.dataset['distance']),
      missing: -Number(element.dataset['missing']),
      zeros: -Number(element.dataset['zeros']),
    },
  }));
  const search = find<HTMLInputElement>('#search');
  const sort = find<HTMLSelectElement>('#sort');
  const status = find<HTMLElement>('#status');
  const onlyAnomalies = document.querySelector<HTMLInputElement>('#anomalous');
  const kinds = all<HTMLInputElement>('[name=kind]');

  const show = (): void => {
    const wanted = search.value.trim().toLowerCase().split(/\s+/);
    let shown = 0;
    for (const { element, path, kind, isAnomalous } of features) {
      const isShown =
        wanted.every((word) => path.includes(word)) &&
        kinds.some((box) => box.checked && box.value === kind) &&
        (!onlyAnomalies?.checked || isAnomalous);
      element.hidden = !isShown;
      if (isShown) shown++;
    }
    for (const section of all<HTMLElement>('section[data-kind]'))
      section.hidden = section.querySelector('article:not([hidden])') === null;
    status.textContent = `${shown} of ${features.length} features`;
  };
  const order = (): void => {
    const key = sort.value as 'given' | 'distance' | 'missing' | 'zeros' | 'name';
    const sorted = [...features].sort((a, b) =>
      key === 'name' ? (a.path < b.path ? -1 : 1) : a.keys[key] - b.keys[key] || a.keys.given - b.keys.given,
    );
    for (const { element } of sorted) element.parentElement!.append(element);
  };
  search.addEventListener('input', show);
  sort.addEventListener('change', order);
  for (const box of [...kinds, ...(onlyAnomalies ? [onlyAnomalies] : [])]) box.addEventListener('change', show);
  for (const setting of ['scale', 'axis'])
    find<HTMLSelectElement>(`#${setting}`).addEventListener('change', (event) => {
      root.dataset[setting] = (event.target as HTMLSelectElement).value;
    });
  find<HTMLSelectElement>('#scheme').addEventListener('change', (event) => {
    root.style.colorScheme = (event.target as HTMLSelectElement).value;
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || (event.target as Element).closest('input, select'))
      return;
    event.preventDefault();
    search.focus();
  });
  find<HTMLElement>('.tools').hidden = false;
  order();
  show();
}
