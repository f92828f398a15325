/** A page with its bundled script and style (scripts/page-plugin.mjs). */
declare module '*/dashboard/index.html' {
  const page: { readonly html: string; readonly script: string; readonly style: string; readonly icon: string };
  export default page;
}
