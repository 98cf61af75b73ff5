"""Cimba's M/M/8, in a file of its own: its models' annotations must be real when they are read."""

import cimba
from cimba import inputs

SERVERS = 8  # as in mmc.py


class Line(cimba.Model):
    """Customers who wait before servers; a service takes 1 on average."""

    gap: cimba.Input[float] = inputs.dist.exponential(mean=1.0)
    length: cimba.Input[float] = inputs.dist.exponential(mean=1.0)
    queue: cimba.Container
    waiting: cimba.Output[float]

    @cimba.process
    def customers(self):
        """Let one come after the other."""
        while True:
            cimba.hold(self.gap.next())
            self.queue.put(1)

    @cimba.process(copies=SERVERS)
    def server(self):
        """Serve one after the other."""
        while True:
            self.queue.get(1)
            cimba.hold(self.length.next())

    @cimba.on_end
    def tell(self):
        """Keep the mean of who waited."""
        self.waiting = self.queue.mean_level()


def line(rate: float) -> Line:
    """Return the queue with a rate of arrivals."""
    model = Line()
    model.gap = inputs.dist.exponential(mean=1 / rate)
    return model
