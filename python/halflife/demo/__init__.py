"""The demo: a real server of 3,376 airports, and a client that is made of atoms.

`halflife demo` runs it in a terminal. Notebooks and tests start the server alone:

    from halflife.demo import serve

    with serve(latency=0.2) as server:
        ...  # server.url, server.client(), server.control()
"""

from halflife.demo.client import AirportsClient, ApiError
from halflife.demo.control import Control
from halflife.demo.process import DemoServer, serve

__all__ = ["AirportsClient", "ApiError", "Control", "DemoServer", "serve"]
