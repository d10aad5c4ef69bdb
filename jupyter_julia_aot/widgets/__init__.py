"""Live views of a generation and of a build, each with a static form for saved notebooks.

``state`` turns events into what is shown, ``static_html`` and ``static_text`` show it without
any JavaScript, ``generation`` and ``build`` are the widgets (imported late: anywidget is heavy).
"""

from __future__ import annotations
