"""Definitions over libraries, where those are installed."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "numpy arrays in a class, a closure and a default",
        cell="""
        import numpy as np
        class Signal:
            window = np.ones(3)
            def __init__(self, samples):
                self.samples = np.asarray(samples, dtype=np.float64)
            def smooth(self, by=np.array([0.5, 0.5])):
                if self.samples.size == 0:
                    raise Refused("empty")
                return np.convolve(self.samples, by, "valid").tolist()
        def scaled(factor=np.float32(2)):
            base = np.arange(4).reshape(2, 2)
            return lambda: (base * factor).tolist()
        """,
        makes="Signal([1, 2, 3])",
        shows="it.smooth(), it.smooth(it.window), scaled()(), it.samples.dtype == np.float64",
        gives=([1.5, 2.5], [6.0], [[0.0, 2.0], [4.0, 6.0]], True),
        fails="Signal([]).smooth()",
        change=("np.float32(2)", "np.float32(3)"),
        then=([1.5, 2.5], [6.0], [[0.0, 3.0], [6.0, 9.0]], True),
        needs="numpy",
    ),
    Case(
        "a subclass of a numpy array, and a structured one",
        cell="""
        import numpy as np
        class Metres(np.ndarray):
            def __new__(cls, values):
                return np.asarray(values, dtype=float).view(cls)
            def total(self):
                if self.size > 9:
                    raise Refused("too many")
                return float(self.sum())
        record = np.dtype([("x", "i4"), ("y", "f8")])
        def records():
            return np.zeros(2, dtype=record)["y"].tolist()
        """,
        makes="Metres([1, 2])",
        shows="it.total(), type(it) is Metres, records()",
        gives=(3.0, True, [0.0, 0.0]),
        fails="Metres(range(10)).total()",
        change=("self.sum()", "self.prod()"),
        then=(2.0, True, [0.0, 0.0]),
        needs="numpy",
    ),
    Case(
        "a module of torch",
        cell="""
        import torch
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(2, 1, bias=False)
                torch.nn.init.constant_(self.layer.weight, 0.5)
            def forward(self, x):
                if x.ndim > 2:
                    raise Refused(x.ndim)
                return self.layer(x) * 2
        """,
        makes="Net()",
        shows="it(torch.ones(2)).tolist(), sum(one.numel() for one in it.parameters())",
        gives=([2.0], 2),
        fails="it(torch.ones(1, 1, 2))",
        change=("* 2", "* 4"),
        then=([4.0], 2),
        needs="torch",
    ),
    Case(
        "a class of attrs",
        cell="""
        import attrs

        @attrs.define
        class Point:
            x: int = attrs.field(validator=attrs.validators.instance_of(int))
            y: int = 0
            tags: list = attrs.field(factory=list, eq=False)
            def moved(self, by):
                if by is None:
                    raise Refused("by nothing")
                return attrs.evolve(self, x=self.x + by)
        @attrs.frozen(kw_only=True)
        class Named:
            name: str
            at: Point = Point(0)
        """,
        makes="Point(1)",
        shows="repr(it.moved(2)), it == Point(1, 0, [3]), hasattr(it, '__dict__'), "
        "Named(name='n').at.y, attrs.asdict(it)",
        gives=("Point(x=3, y=0, tags=[])", True, False, 0, {"x": 1, "y": 0, "tags": []}),
        fails="it.moved(None)",
        change=("y: int = 0", "y: int = 1"),
        then=("Point(x=3, y=1, tags=[])", False, False, 1, {"x": 1, "y": 1, "tags": []}),
        needs="attrs",
    ),
    Case(
        "a model of pydantic",
        cell="""
        from pydantic import BaseModel, field_validator
        class Item(BaseModel):
            name: str
            price: float = 1.5
            @field_validator("name")
            @classmethod
            def named(cls, name):
                if not name:
                    raise ValueError("nameless")  # of pydantic's validation
                return name.title()
            def total(self, n):
                if n < 0:
                    raise Refused("negative")  # here
                return n * self.price
        class Order(BaseModel):
            items: list[Item]
        """,
        makes="Order(items=[{'name': 'pen', 'price': '2'}])",
        shows="it.items[0].total(2), type(it.items[0]) is Item, it.model_dump(), Item(name='x').price",
        gives=(4.0, True, {"items": [{"name": "Pen", "price": 2.0}]}, 1.5),
        fails="it.items[0].total(-1)",
        change=("name.title()", "name.upper()"),
        then=(4.0, True, {"items": [{"name": "PEN", "price": 2.0}]}, 1.5),
        needs="pydantic",
    ),
]
