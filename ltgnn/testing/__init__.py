"""Cases for parts of your own: what the contract of each kind of part promises, as tests to derive from.

A case is a plain class. Give it ``make``, and whatever else it asks for, and pytest runs its tests on your part::

    from ltgnn.testing.loss import LossCase

    class TestHinge(LossCase):
        def make(self):
            return Hinge(margin=0.5)

One file per contract: ``loss``, ``fusion``, ``encoder``, ``closed_form``, ``sampler``, ``metric``, ``rule``,
``reader``, ``features``; ``toy`` has the small seeded data that they run on.
"""
