"""One command a file: each has `run(given) → exit code`. stdout is data, stderr is talk."""
