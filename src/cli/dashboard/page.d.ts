/** A page with all that it loads, bundled (scripts/page-plugin.mjs). */
declare module '*/dashboard/index.html' {
  const page: { readonly html: string; readonly script: string; readonly style: string; readonly icon: string };
  export default page;
}
