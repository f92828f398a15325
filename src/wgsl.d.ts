declare module '*.wgsl' {
  const source: import('./runtime/codegen.ts').KernelSource;
  export default source;
}
