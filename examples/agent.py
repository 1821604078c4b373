#!/usr/bin/env python3
"""An agent for Vibe DevSquad in one file, with nothing but Python's standard library.

    python3 examples/agent.py --server http://127.0.0.1:3000 --token dsq_agent_…

Put what your agent does into `work`; the rest is the protocol, which docs/api.md tells in words. Its rules are four:
  1. A POST whose answer was lost is sent again under the same Idempotency-Key, so that it counts once.   Server.post
  2. A lease lasts 60 s; a heartbeat extends it. Who falls silent loses the task to somebody else.        Agent.beat
  3. Every word about an attempt carries its fence. 409: it counts no more, drop it.                      Agent.say
  4. Who leaves gives back what it holds.                                                                 Agent.run
"""
import argparse, http.client, json, random, signal, sys, threading, time, urllib.error, urllib.request, uuid

NAME = "examples/agent.py"  # how results are signed
LEASE_S = 60  # how long a lease lasts without a heartbeat
HEARTBEAT_S = 20  # a third of that: one may be lost
CLAIM_WAIT_S = 30  # how long one claim waits for a task; the server allows 60
ANSWER_S = 30  # how long the server may take beyond what it was asked to wait
RESULT_PATIENCE_S = 600  # a late result counts until somebody else has the task, so it is worth many tries


class Failed(Exception):
    """Raised by `work` when the task cannot be done: words for people, and a reason from the list in docs/api.md."""

    def __init__(self, message, reason="internal", retryable=None):
        super().__init__(message)
        self.reason, self.retryable = reason, retryable


class Ask(Exception):
    """Raised by `work` when only a person knows. The task goes on with the answer, for whoever takes it then."""

    def __init__(self, question, options=()):
        super().__init__(question)
        self.options = list(options)


# ── your part ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def work(lease):
    """Does one task and returns its output: anything that JSON can say. Runs in a thread of its own.

    lease["type"] says what kind of work it is, lease["input"] what was given, lease["needs"] holds the outputs of the
    tasks before it by their keys, lease["feedback"] (if there is any) why earlier attempts failed or were sent back,
    lease["answers"] (if there are any) what people answered to questions about this task: {"question", "answer"}.
    """
    return {"echo": lease["input"], "by": NAME}


def review(lease):
    """Judges somebody else's result: lease["input"] holds the task and its result. Only agents with the skill are asked."""
    return {"verdict": "approve", "note": f"{NAME} approves everything. Replace `review` in examples/agent.py."}


# ── the protocol ────────────────────────────────────────────────────────────────────────────────────────────────────────
class Refused(Exception):
    """The server understood and said no (RFC 9457). Sending the same again would not help."""

    def __init__(self, status, body):
        super().__init__(json.loads(body)["detail"] if body.startswith(b"{") else f"HTTP status {status}")
        self.status = status


class Server:
    def __init__(self, url, token):
        self.url, self.token = url.rstrip("/") + "/api/v1", token

    def post(self, path, body, wait_s=0, patience_s=LEASE_S):
        """Sends until there is an answer or patience ends. Every call has a fresh key; a retry keeps it."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        data, until, pause_s = json.dumps(body).encode(), time.monotonic() + patience_s, 0.25
        while True:
            try:
                request = urllib.request.Request(self.url + path, data, headers, method="POST")
                with urllib.request.urlopen(request, timeout=wait_s + ANSWER_S) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code not in (429, 502, 503, 504):
                    raise Refused(error.code, error.read()) from None
                lost = error
            except (OSError, http.client.HTTPException) as error:
                lost = error  # done or not done: only the same key finds out
            if time.monotonic() + pause_s > until:
                raise ConnectionError(f"no answer to {path}: {lost}")
            time.sleep(pause_s * random.uniform(0.5, 1))
            pause_s = min(pause_s * 2, 10)


class Agent:
    def __init__(self, options):
        self.server, self.options = Server(options.server, options.token), options
        self.held, self.changed = {}, threading.Condition()  # leases by attempt, and their guard
        self.stopping, self.exit_code = threading.Event(), 0

    def run(self):
        for loop in (self.claim, self.beat):
            threading.Thread(target=loop, daemon=True).start()
        self.stopping.wait()  # the main thread only waits, because signals arrive in it
        for lease in self.leases():
            self.say(lease, "decline", patience_s=2, message="The agent was stopped.")
        return self.exit_code

    def claim(self):
        """Asks for as many tasks as there is room for, again and again."""
        limit_s, idle_since = self.options.exit_when_idle, time.monotonic()
        wait_s = CLAIM_WAIT_S if limit_s is None else min(CLAIM_WAIT_S, limit_s)
        while not self.stopping.is_set():
            with self.changed:
                self.changed.wait_for(lambda: len(self.held) < self.options.max)
                room, busy = self.options.max - len(self.held), bool(self.held)
            try:
                leases = self.server.post("/claims", {"max": room, "wait_ms": int(wait_s * 1000)}, wait_s)["leases"]
            except Refused as refusal:  # the token is wrong, or the agent was retired
                return self.stop(f"cannot claim: {refusal}", 1)
            except ConnectionError as error:
                log(error)  # leases in an answer lost for so long have run out: a new claim with a new key
                continue
            for lease in leases:
                with self.changed:
                    self.held[lease["attempt_id"]] = lease
                threading.Thread(target=self.attempt, args=(lease,), daemon=True).start()
            if leases or busy:
                idle_since = time.monotonic()
            elif limit_s is not None and time.monotonic() - idle_since >= limit_s:
                return self.stop("nothing to do", 0)

    def attempt(self, lease):
        """One lease, to its result."""
        log(f"{lease['purpose']} “{lease['name']}”, fence {lease['fence']}")
        if self.stopping.wait(self.options.work_ms / 1000):
            return
        try:
            output = review(lease) if lease["purpose"] == "review" else work(lease)
            self.say(lease, "complete", output=output)
        except Ask as question:
            self.say(lease, "ask", text=str(question)[:2000], options=question.options)
        except Failed as why:
            self.say(lease, "fail", reason=why.reason, message=str(why)[:2000], retryable=why.retryable)
        except Exception as why:  # a mistake in `work`, or a result the server cannot take
            self.say(lease, "fail", reason="internal", message=f"{type(why).__name__}: {why}"[:2000])
        self.drop(lease)

    def say(self, lease, verb, patience_s=RESULT_PATIENCE_S, **body):
        """The last word about an attempt, if it is still ours."""
        if lease not in self.leases():
            return
        try:
            self.server.post(f"/attempts/{lease['attempt_id']}/{verb}", {"fence": lease["fence"], **body}, 0, patience_s)
        except Refused as refusal:
            if verb == "complete" and refusal.status in (400, 413):
                raise  # not in the form asked for: `attempt` reports a failure
            log(f"dropped “{lease['name']}”: {refusal}")  # 409: a newer attempt, or the end of the task
        except ConnectionError as error:
            log(error)

    def beat(self):
        """Signs of life for everything held. The answer may be that the work is no longer wanted."""
        while not self.stopping.wait(HEARTBEAT_S):
            for lease in self.leases():
                try:
                    beat = self.server.post(f"/attempts/{lease['attempt_id']}/heartbeat", {"fence": lease["fence"]}, patience_s=0)
                    if beat["cancel"]:
                        self.drop(lease)
                except Refused:
                    self.drop(lease)
                except ConnectionError as error:
                    log(error)  # the next beat is soon enough

    def leases(self):
        with self.changed:
            return list(self.held.values())

    def drop(self, lease):
        with self.changed:
            self.held.pop(lease["attempt_id"], None)
            self.changed.notify_all()

    def stop(self, why, exit_code):
        log(why)
        self.exit_code = exit_code
        self.stopping.set()


def log(text):
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")  # one write, so that threads do not mix their lines


def main():
    parser = argparse.ArgumentParser(description="A DevSquad agent that returns what it is given.")
    parser.add_argument("--server", required=True, metavar="URL", help="such as http://127.0.0.1:3000")
    parser.add_argument("--token", required=True, help="the agent's own token, dsq_agent_…")
    parser.add_argument("--max", type=int, default=1, metavar="N", help="tasks at a time, 1–64; the agent's capacity bounds it too")
    parser.add_argument("--work-ms", type=int, default=0, metavar="MS", help="pretend that every task takes this long")
    parser.add_argument("--exit-when-idle", type=float, metavar="SECONDS", help="end when there was nothing to do for so long")
    agent = Agent(parser.parse_args())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop("stopping", 0))
    sys.exit(agent.run())


if __name__ == "__main__":
    main()
