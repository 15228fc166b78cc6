#!/usr/bin/env python3
"""The long form: so many cases in blocks of seeds, on several processors; what is done is kept and not done again.

  prove.py --engine PROGRAM --state DIR [--cases N] [--processes N]
"""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import differential  # noqa: E402

SEEDS_PER_BLOCK = 25
CASES_PER_PACK = 200  # making and loading a pack takes as long as some fifty cases
FIRST_SEED = 1000000  # those of `./dev test` are far below


def block(engine, state, number):
    """(what it counted, what it printed)"""
    kept = os.path.join(state, f'{number}.json')
    if os.path.exists(kept):
        with open(kept, encoding='utf-8') as file:
            return json.load(file), ''
    seed = FIRST_SEED + number * SEEDS_PER_BLOCK
    run = subprocess.run([sys.executable, os.path.join(HERE, 'differential.py'), '--engine', engine, '--seed', str(seed), '--seeds', str(SEEDS_PER_BLOCK),
                          '--cases-per-pack', str(CASES_PER_PACK),
                          '--json', kept + '.new'], capture_output=True, text=True, check=False)
    if not os.path.exists(kept + '.new'):
        raise RuntimeError(f'block {number}: {run.stdout}{run.stderr}')
    with open(kept + '.new', encoding='utf-8') as file:
        counted = json.load(file)
    if run.returncode == 0:
        os.rename(kept + '.new', kept)
    else:
        os.remove(kept + '.new')
    return counted, run.stdout if run.returncode else ''


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--engine', required=True)
    parser.add_argument('--state', required=True, help='a directory for this engine, evaluator and generator')
    parser.add_argument('--cases', type=int, default=1000000)
    parser.add_argument('--processes', type=int, default=2)
    options = parser.parse_args()
    os.makedirs(options.state, exist_ok=True)
    totals = differential.Totals()
    begin = time.monotonic()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.processes) as pool:
        number, running = 0, set()
        while running or totals.counts['cases'] < options.cases:
            while len(running) < options.processes and totals.counts['cases'] < options.cases:
                running.add(pool.submit(block, options.engine, options.state, number))
                number += 1
            done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for one in done:
                counted, printed = one.result()
                totals.add(counted)
                failed += bool(printed)
                print(f'{totals.counts["cases"]} cases, {failed} blocks with differences, {time.monotonic() - begin:.0f} s', printed, flush=True)
    print(f'seeds {FIRST_SEED} to {FIRST_SEED + number * SEEDS_PER_BLOCK - 1}')
    print('\n'.join(totals.summary()))
    print('\n'.join(totals.shares()))
    missing = totals.uncovered()
    for text in missing:
        print('NOT COVERED:', text)
    if totals.failures():
        print('FAILED:', ', '.join(totals.failures()))
    return 1 if missing or totals.failures() else 0


if __name__ == '__main__':
    sys.exit(main())
