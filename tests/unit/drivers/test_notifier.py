"""Sending notices: in order, without making anybody wait, and through the real oslo.messaging."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import threading
from typing import Any

import pytest
from oslo_config import cfg

from senlin_container.drivers import notifier

# A process of its own: oslo.messaging loads much, and what it loads must patch nothing.
_SEND = """
import json, select, socket, sys, threading, time
before = (socket.socket, socket.create_connection, threading.Thread, threading.Lock, time.sleep, select.poll)
from oslo_config import cfg
import senlin_container.cmd.standalone
from senlin_container.drivers import notifier

loaded = "oslo_messaging" in sys.modules
conf = cfg.ConfigOpts()
conf(["--config-file", sys.argv[1]], project="none")
emit = notifier.emitter(conf)
told = []
if emit is not None:
    if conf.oslo_messaging_notifications.driver == ["messagingv2"]:
        import oslo_messaging
        got = threading.Event()

        class Endpoint:
            def _take(self, priority, context, publisher, kind, payload):
                told.append([priority, kind, payload, publisher.partition(".")[0]])
                if kind == "last":
                    got.set()
            def info(self, *args, **_):
                self._take("info", *args[:4])
            def warn(self, *args, **_):
                self._take("warn", *args[:4])

        transport = oslo_messaging.get_notification_transport(conf)
        target = oslo_messaging.Target(topic="notifications")
        listener = oslo_messaging.get_notification_listener(transport, [target], [Endpoint()], executor="threading")
        listener.start()
    sender = notifier.Sender(emit)
    sender.put(notifier.Notice(kind=kind, priority=priority, payload={"number": number})
        for number, (kind, priority) in enumerate([("a.b.start", "info"), ("a.b.error", "warn"), ("last", "info")]))
    sender.close(30)
    if conf.oslo_messaging_notifications.driver == ["messagingv2"]:
        got.wait(30)
        listener.stop()
        listener.wait()
    else:
        from oslo_messaging.notify import _impl_test
        told = [[priority.lower(), message["event_type"], message["payload"],
            message["publisher_id"].partition(".")[0]] for _, message, priority, _ in _impl_test.NOTIFICATIONS]
after = (socket.socket, socket.create_connection, threading.Thread, threading.Lock, time.sleep, select.poll)
print(json.dumps({"told": told, "emit": emit is not None, "patched": before != after,
    "loaded": [loaded, "oslo_messaging" in sys.modules], "service": "oslo_service" in sys.modules,
    "eventlet": [name for name in sys.modules if name.startswith("oslo_service.backend._eventlet")]}))
"""


def sent(directory: pathlib.Path, config: str) -> dict[str, Any]:
    file = directory / "service.conf"
    file.write_text(config)
    done = subprocess.run([sys.executable, "-c", _SEND, str(file)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


TOLD = [
    ["info", "a.b.start", {"number": 0}, "senlin_container"],
    ["warn", "a.b.error", {"number": 1}, "senlin_container"],
    ["info", "last", {"number": 2}, "senlin_container"],
]


def test_without_a_configuration_nothing_is_sent_and_nothing_loaded(tmp_path: pathlib.Path) -> None:
    answer = sent(tmp_path, "[DEFAULT]\ndebug = false\n")
    assert answer == {
        "told": [],
        "emit": False,
        "patched": False,
        "loaded": [False, False],
        "service": False,
        "eventlet": [],
    }


def test_a_driver_of_oslo_messaging_is_given_what_is_sent(tmp_path: pathlib.Path) -> None:
    answer = sent(tmp_path, "[oslo_messaging_notifications]\ndriver = test\ntransport_url = fake:/\n")
    assert (answer["told"], answer["patched"], answer["eventlet"]) == (TOLD, False, [])


def test_what_is_sent_arrives_at_a_listener(tmp_path: pathlib.Path) -> None:
    config = "[DEFAULT]\ntransport_url = kombu+memory:////\n[oslo_messaging_notifications]\ndriver = messagingv2\n"
    answer = sent(tmp_path, config)
    # each priority has a queue of its own, and listeners take from all of them
    assert sorted(answer["told"], key=lambda told: told[2]["number"]) == TOLD
    assert (answer["patched"], answer["eventlet"]) == (False, [])


def test_a_driver_that_does_nothing_counts_as_none(tmp_path: pathlib.Path) -> None:
    answer = sent(tmp_path, "[oslo_messaging_notifications]\ndriver = noop\n")
    assert (answer["told"], answer["emit"]) == ([], False)


def test_a_group_that_is_not_there_is_none() -> None:
    conf = cfg.ConfigOpts()
    conf([], project="none", default_config_files=[])
    assert notifier.emitter(conf) is None


def notice(number: int) -> notifier.Notice:
    return notifier.Notice(kind=f"n{number}", priority="info", payload={})


def test_nobody_waits_for_a_broker_and_what_is_too_much_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    free, taken, sent_ones = threading.Event(), threading.Event(), list[str]()

    def emit(one: notifier.Notice) -> None:
        taken.set()
        free.wait()
        sent_ones.append(one.kind)

    sender = notifier.Sender(emit, most=2)
    sender.put([notice(0)])
    taken.wait()
    sender.put(notice(number) for number in range(1, 6))  # returns although nothing is sent
    assert "further ones are dropped" in caplog.text
    free.set()
    sender.close()
    assert sent_ones == ["n0", "n1", "n2"]


def test_a_close_does_not_wait_for_ever() -> None:
    never = threading.Event()
    sender = notifier.Sender(lambda _: never.wait() and None, most=1)
    sender.put([notice(0), notice(1), notice(2)])
    sender.close(timeout=0.01)
    never.set()
