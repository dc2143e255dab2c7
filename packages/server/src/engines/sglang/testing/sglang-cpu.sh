#!/usr/bin/env bash
# Sets up a real SGLang on a machine with a CPU alone, for `npm run test:engines`. Tried with 0.5.23, Python 3.11, two cores of an AMD
# EPYC without AMX: 6 GB of disk, 6 minutes; a start takes 40 s to 80 s.
#   sglang-cpu.sh setup DIR MODEL.gguf...     make DIR/venv, and DIR/NAME for each (GGUF weights written out as safetensors)
#   sglang-cpu.sh serve DIR NAME PORT CONTEXT serve DIR/NAME on 127.0.0.1:PORT, prompts of up to CONTEXT - 1 tokens
set -euo pipefail
case "${1:-}" in
setup)
  dir=$2 && shift 2
  python3 -m venv "$dir/venv" && . "$dir/venv/bin/activate"
  pip install -q torch==2.13.0 torchvision==0.28.0
  # Its wheel asks for CUDA's kernels. What a CPU needs of the rest:
  pip install -q --no-deps sglang==0.5.23
  pip install -q aiohttp anthropic blobfile==3.0.0 compressed-tensors==0.18.0 datasets distro easydict einops fastapi gguf accelerate \
    interegular IPython 'kernels<0.15,>=0.14.1' 'llguidance<2.0.0,>=1.7.6' 'mistral_common>=1.11.5' modelscope msgspec ninja \
    numba==0.65.1 nvidia-ml-py openai==2.8.0 openai-harmony==0.0.4 orjson outlines==0.1.11 packaging partial_json_parser pillow \
    prometheus-client psutil pybase64 pydantic python-dateutil python-multipart pyzmq regex requests scipy sentencepiece==0.2.1 \
    setproctitle soundfile==0.13.1 tiktoken timm==1.0.25 tokenizers==0.23.2 tqdm transformers==5.19.0 uvicorn uvloop watchfiles \
    xgrammar==0.2.7 xxhash zstandard apache-tvm-ffi==0.1.11 torch==2.13.0
  # Its kernels for CPUs are in no wheel. With attention by torch they are imported, and on a CPU without AMX never called.
  kernels=$(python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/sgl_kernel
  mkdir -p "$kernels" && cat > "$kernels/__init__.py" <<'PY'
def __getattr__(name):
    def kernel(*_args, **_more):
        raise NotImplementedError(f"sgl_kernel.{name} has no build for this processor")
    return kernel
PY
  for gguf in "$@"; do
    GGUF=$(readlink -f "$gguf") OUT=$dir/$(basename "$gguf" .gguf) HF_HUB_OFFLINE=1 python - <<'PY'
import os, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, name = os.path.split(os.environ["GGUF"])
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.bfloat16)
model.hf_quantizer, model.is_quantized, model.quantization_method = None, False, None  # written out unquantized
model.config.__dict__.pop("quantization_config", None)
model.save_pretrained(os.environ["OUT"]); tokenizer.save_pretrained(os.environ["OUT"])
PY
  done
  ;;
serve)
  . "$2/venv/bin/activate"
  # Five tokens of the context SGLang keeps for itself. One thread: two that wait for each other on busy cores are far slower.
  HF_HUB_OFFLINE=1 SGLANG_USE_CPU_ENGINE=1 TORCHDYNAMO_DISABLE=1 OMP_NUM_THREADS=1 exec python -m sglang.launch_server \
    --model-path "$2/$3" --served-model-name "$3" --host 127.0.0.1 --port "$4" --context-length $(($5 + 5)) \
    --device cpu --attention-backend torch_native --sampling-backend pytorch --grammar-backend xgrammar --disable-cuda-graph \
    --disable-overlap-schedule --max-total-tokens 16384 --max-running-requests 8 --sleep-on-idle --incremental-streaming-output
  ;;
*) sed -n 2,6p "$0" && exit 2 ;;
esac
