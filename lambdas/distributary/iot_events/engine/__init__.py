"""One step of one detector, as a pure function: it reads no clock, calls no AWS API and changes no argument.

`machine.step(model, detector, trigger, now)` returns the detector after the trigger and the effects in order. Time is
an argument: `now` is when the message was accepted, so the same log gives the same detectors whenever it is handled.

A step is a row of cycles. Timers that are due by `now` come first, each in a cycle of its own at the time it was due;
the message's cycle comes last.

    step    timer due 09:58       timer due 09:59       message, now = 10:00
            +--- cycle ---+       +--- cycle ---+       +--- cycle ---+
            |             |------>|             |------>|             |------> detector, effects
            +-------------+       +-------------+       +-------------+

A cycle goes through the groups of the state in this order. Only the first message of a detector runs `onEnter` first.

    state A                                                             state B
    +-----------+    +----------------------------------------+  yes    +--------+    +-----------+
    | onEnter   |--->| onInput: events, then transitionEvents |-------->| onExit |--->| onEnter   |
    | (created) |    | does a transition's condition hold?    |         | of A   |    | of B      |
    +-----------+    +----------------------------------------+         +--------+    +-----------+
                         | no: the detector stays in A          the transition's own actions run before onExit

BATCH and SERIAL (`evaluationMethod`) differ inside a group:

    BATCH     all conditions of the group, on the values at its start; then the actions of each event that holds
    SERIAL    condition and actions of one event, then the next: a condition sees what earlier actions changed

Timers are data of the detector: `setTimer` stores a due time in whole seconds, and `runtime.wake_ups` arranges that
somebody asks again. An expired timer is reported once, to the cycle whose `timeout()` reads it.

Effects are data too: an action returns an `Effect` with an id that is the same for each attempt. The runtime queues
effects after the detector is stored, and runs them at least once.

Reading order: `detector`, `effects`, `cycle`, `machine`; `compiled_model` and `compiled_actions` turn a definition into
functions once per process.
"""

__all__ = ["compiled_model", "detector", "effects", "machine", "state_update"]
