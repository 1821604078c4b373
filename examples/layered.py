#!/usr/bin/env python3
"""Prints a workflow of tasks in layers, to import: each task needs two or three of the layer before it.

    python3 examples/layered.py > layered.json && devsquad import layered.json
    python3 examples/layered.py 50 --layers 5 --seed 7 | …

The same arguments always print the same workflow. Its tasks ask for the skill `echo`, which keeps them for agents like
examples/agent.py; `--skill ""` leaves them to anybody.
"""
import argparse, json, random


def layered(count, layers, seed, skill):
    chance, tasks, before = random.Random(seed), [], []
    for layer in range(layers):
        width = count // layers + (layer < count % layers)  # what does not divide evenly goes to the first layers
        keys = [f"l{layer:02}-t{nth:03}" for nth in range(width)]
        for nth, key in enumerate(keys):
            task = {"key": key, "type": "example.echo", "input": {"layer": layer, "nth": nth}}
            if before:
                task["needs"] = sorted(chance.sample(before, min(len(before), chance.randint(2, 3))))
            if skill:
                task["skills"] = [{"skill": skill}]
            tasks.append(task)
        before = keys
    return {"name": f"{count} tasks in {layers} layers, seed {seed}", "type": "example.layered", "tasks": tasks}


def main():
    parser = argparse.ArgumentParser(description="Prints a workflow of tasks in layers as JSON.")
    parser.add_argument("tasks", type=int, nargs="?", default=200, help="how many in all (200)")
    parser.add_argument("--layers", type=int, default=10, help="in how many layers (10)")
    parser.add_argument("--seed", type=int, default=1, help="which of the many (1)")
    parser.add_argument("--skill", default="echo", help="the skill every task asks for (echo)")
    given = parser.parse_args()
    if not 1 <= given.layers <= given.tasks:
        parser.error("there must be at least one layer, and a task for each")
    print(json.dumps(layered(given.tasks, given.layers, given.seed, given.skill), indent=1))


if __name__ == "__main__":
    main()
