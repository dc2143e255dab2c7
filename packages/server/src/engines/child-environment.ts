/** What the loader, the locale, the C libraries and the GPU drivers read. */
const PASSED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TZ|TMPDIR|TEMP|TMP|LANG|LC_\w+|LD_LIBRARY_PATH|DYLD_\w+|NODE_\w+|XDG_\w+|(CUDA|NVIDIA|HIP|ROCR|ROCM|HSA|VK|GGML|LLAMA|OMP|GOMP|KMP|OPENBLAS|MKL|NODE_LLAMA_CPP)_\w+|MALLOC_\w+)$/;

/** The environment of an engine's process. It reads weights that strangers made, so it gets no secret of the server's. */
export function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => PASSED.test(name)));
}
