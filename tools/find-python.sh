# Sourced by ./run and ./test: sets $python to the first Python that is new enough.
python=
found=
for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.14; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
    found="$found $("$candidate" --version 2>&1 | head -n 1)"
done
if [ -z "$python" ]; then
    echo "需要 Python 3.11 或更新版本。找到的是：${found:- 没有 Python}" >&2
    echo "Python 3.11 or newer is needed. Found:${found:- no Python}" >&2
    echo "    Debian 12: apt-get install python3 python3-venv    (or: PYTHON=/path/to/python3.11 ./run)" >&2
    exit 1
fi
