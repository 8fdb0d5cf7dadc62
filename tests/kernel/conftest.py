"""One kernel for most tests, driven as Jupyter drives it."""

import os
import time
from queue import Empty

import pytest
from jupyter_client.manager import KernelManager

WAIT = 60


class Kernel:
    """A kernel and its client; `run` gives the reply and what was published."""

    def __init__(self, env=None, cwd=None, name="pfe"):
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(env={**os.environ, **(env or {})}, cwd=cwd)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=WAIT)

    def stop(self):
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=False)

    def send(self, code, **options):
        return self.client.execute(code, **options)

    def interrupt(self):
        """Interrupts, and waits for the kernel's word: an interrupt still under way would stop the next cell."""
        request = self.client.session.msg("interrupt_request")
        self.client.control_channel.send(request)
        self.reply(request["header"]["msg_id"], "control")

    def reply(self, msg_id, channel="shell", timeout=WAIT):
        end = time.time() + timeout
        while time.time() < end:
            try:
                message = getattr(self.client, f"get_{channel}_msg")(timeout=0.5)
            except Empty:
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                return message
        raise AssertionError(f"no reply on {channel}")

    def published(self, msg_id, timeout=WAIT):
        """All of iopub for one request, up to `idle`."""
        messages = []
        end = time.time() + timeout
        while time.time() < end:
            try:
                message = self.client.get_iopub_msg(timeout=0.5)
            except Empty:
                continue
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if message["msg_type"] == "status":
                if message["content"]["execution_state"] == "idle":
                    return messages
            else:
                messages.append(message)
        raise AssertionError(f"not idle after {timeout} s: {messages}")

    def run(self, code, timeout=WAIT, **options):
        msg_id = self.send(code, **options)
        messages = self.published(msg_id, timeout)
        return self.reply(msg_id)["content"], messages

    def ok(self, code, **options):
        """Runs a cell that must succeed; gives what it printed and the text of its result."""
        reply, messages = self.run(code, **options)
        assert reply["status"] == "ok", "\n".join(reply.get("traceback", []))
        return text(messages)

    def fails(self, code, **options):
        """Runs a cell that must fail; gives the reply and the one error message."""
        reply, messages = self.run(code, **options)
        assert reply["status"] == "error", reply
        errors = [message for message in messages if message["msg_type"] == "error"]
        assert len(errors) == 1
        return reply, "\n".join(errors[0]["content"]["traceback"])


def text(messages):
    """What a reader sees, as plain text."""
    out = ""
    for message in messages:
        content = message["content"]
        if message["msg_type"] == "stream":
            out += content["text"]
        elif message["msg_type"] in ("execute_result", "display_data", "update_display_data"):
            out += content["data"]["text/plain"]
    return out


@pytest.fixture(scope="session")
def shared():
    kernel = Kernel()
    yield kernel
    kernel.stop()


@pytest.fixture
def kernel(shared):
    """The shared kernel without variables."""
    shared.ok(":clear")
    return shared


@pytest.fixture
def own():
    """Starts kernels of one test."""
    kernels = []

    def start(**options):
        kernels.append(Kernel(**options))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.stop()
