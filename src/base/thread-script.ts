/** The script of a thread, beside the module that starts it: `.ts` from sources, `.js` in the package. @param name without its ending */
export function threadScript(name: string, besides: string): URL {
  return new URL(`./${name}.${besides.endsWith('.ts') ? 'ts' : 'js'}`, besides);
}
