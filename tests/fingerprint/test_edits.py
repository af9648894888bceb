"""Edits of projects, and whether a stage has to run again because of them. See edits.py for the notation."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def _load_edits() -> ModuleType:
    spec = importlib.util.spec_from_file_location("edits", Path(__file__).with_name("edits.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


edits = _load_edits()

CHANGE_RESULTS = {
    # --- the stage itself
    "constant": "=> <<1|2>>",
    "int to float": "=> <<1|1.0>>",
    "int to str": '=> <<1|"1">>',
    "int to bool": "=> <<1|True>>",
    "str to bytes": '=> <<"a"|b"a">>',
    "sign of zero": "=> <<0.0|-0.0>>",
    "operator": "=> x <<+|->> 1",
    "operands": "=> <<x - 1|1 - x>>",
    "comparison": "=> x <<<|<=>> 1",
    "keyword": "=> dict(<<a|b>>=1)",
    "attribute": "=> x.<<a|b>>",
    "subscript": "=> x[<<0|-1>>]",
    "slice": "=> x[<<0:1|0:1:1>>]",
    "set": '=> x in {"a", "<<b|c>>"}',
    "lambda": "=> (lambda v: v + <<1|2>>)(x)",
    "lambda default": "=> (lambda v=<<1|2>>: v)()",
    "comprehension": "=> [v for v in x if v > <<1|2>>]",
    "dict comprehension": "=> {v: <<1|2>> for v in x}",
    "generator": "=> sum(v * <<1|2>> for v in x)",
    "f-string text": '=> f"a{x}<<b|c>>"',
    "f-string format": '=> f"{x:.<<1|2>>f}"',
    "f-string conversion": '=> f"{x!<<r|s>>}"',
    "f-string nested format": '=> f"{x:{<<1|2>>}}"',
    "starred": "=> max(<<*x|x>>)",
    "conditional": "=> 1 if <<x|not x>> else 2",
    "walrus": "=> (v := <<1|2>>) + v",
    "long integers": "=> <<0x1{0}|0x2{0}>>".format("0" * 5000),
    "exception branch": """
        class S(Stage):
            def process(self, pipeline, config):
                try:
                    return {}
                except <<ValueError|KeyError>>:
                    return {}
        """,
    "value in an exception branch": """
        class S(Stage):
            def process(self, pipeline, config):
                try:
                    return {}
                except ValueError:
                    return <<{}|None>>
        """,
    "nested function": """
        class S(Stage):
            def process(self, pipeline, config):
                def inner(v):
                    return v + <<1|2>>
                return dict(y=inner(1))
        """,
    "nonlocal": """
        class S(Stage):
            def process(self, pipeline, config):
                v = 1
                def inner():
                    <<nonlocal v|pass>>
                    v = 2
                inner()
                return dict(y=v)
        """,
    "match": """
        class S(Stage):
            def process(self, pipeline, config):
                match config:
                    case {"a": <<1|2>>, **rest}:
                        return rest
        """,
    "another method": "=> self.other()\n\n    def other(self):\n        return <<1|2>>",
    "configure": "=> 1\n\n    def configure(self, pipeline, input_id):\n        return dict(k=(<<1|2>>, 1))",
    "class attribute": "=> self.k\n\n    k = <<1|2>>",
    "class attribute dict": '=> self.k\n\n    k = {"a": {"b": <<1|2>>}}',
    "property": "=> self.k\n\n    @property\n    def k(self):\n        return <<1|2>>",
    "static method": "=> self.k()\n\n    @staticmethod\n    def k():\n        return <<1|2>>",
    "class method": "=> self.k()\n\n    @classmethod\n    def k(cls):\n        return <<1|2>>",
    "partial method": "from functools import partialmethod\n=> self.k()\n\n    def f(self, v):\n        return v\n"
                      "    k = partialmethod(f, <<1|2>>)",
    "cached property": "from functools import cached_property\n=> self.k\n\n    @cached_property\n    def k(self):\n"
                       "        return <<1|2>>",
    "kind of method": "=> self.k()\n\n    @<<staticmethod|classmethod>>\n    def k(*args):\n        return args",
    "inputs": "=> 1\n\n    inputs = [<<'a'|'b'>>]",
    "outputs": "=> 1\n\n    outputs = ['a', <<'b'|'c'>>]",
    "consumes": "=> 1\n\n    consumes = [<<|'c'>>]",
    "computed inputs": "FIELDS = [<<'a'|'b'>>]\n=> 1\n\n    inputs = FIELDS",
    "version": "=> 1\n\n    version = <<1|2>>",
    "steering attribute that the code reads": "=> self.timeout\n\n    timeout = <<1|2>>",
    "steering attribute that the code reads by name": '=> getattr(self, "metadata")\n\n    metadata = <<1|2>>',
    "declared defaults that the code reads": "=> self.default_config['k']\n\n    default_config = {'k': <<1|2>>}",
    "name of the class": "=> 1\n<<|class Renamed(S): pass\nS = Renamed>>",
    # --- bases
    "base class": "class Base(Stage):\n    def k(self):\n        return <<1|2>>\nclass S(Base):\n    def process(self): return self.k()",
    "base class elsewhere": "from base import Base\nclass S(Base):\n    pass\n## base.py\nfrom repype_like.stage import Stage\n"
                            "class Base(Stage):\n    k = <<1|2>>",
    "mixin": "class Mixin:\n    k = <<1|2>>\nclass S(Mixin, Stage):\n    def process(self): return self.k",
    "order of bases": "class A:\n    k = 1\nclass B:\n    k = 2\nclass S(<<A, B|B, A>>, Stage): pass",
    "method of the base that an override calls": "class Base(Stage):\n    def k(self):\n        return <<1|2>>\n"
                                                 "class S(Base):\n    def k(self):\n        return super().k()",
    "override of a method that the base calls": "class Base(Stage):\n    def process(self):\n        return self.k()\n"
                                                "class S(Base):\n    def k(self):\n        return <<1|2>>",
    "metaclass": "class Meta(type):\n    def k(cls):\n        return <<1|2>>\nclass S(Stage, metaclass=Meta):\n"
                 "    def process(self): return type(self).k()",
    "class decorator": "def deco(cls):\n    cls.k = <<1|2>>\n    return cls\n@deco\nclass S(Stage):\n    pass",
    "__init_subclass__": "class Base(Stage):\n    def __init_subclass__(cls):\n        cls.k = <<1|2>>\nclass S(Base):\n    pass",
    "nested class": "=> self.Inner.k\n\n    class Inner:\n        k = <<1|2>>",
    # --- helpers
    "helper": "def f(): return <<1|2>>\n=> f()",
    "helper of a helper": "def g(): return <<1|2>>\ndef f(): return g()\n=> f()",
    "mutual recursion": "def f(n): return g(n - 1) if n else 0\ndef g(n): return f(n - <<1|2>>)\n=> f(9)",
    "another module": "from helpers import f\n=> f()\n## helpers.py\ndef f(): return <<1|2>>",
    "another module, transitively": "from helpers import f\n=> f()\n## helpers.py\nimport more\ndef f(): return more.g()\n"
                                    "## more.py\nfrom constants import *\ndef g(): return K\n## constants.py\nK = <<1|2>>",
    "alias": "from helpers import f as g\n=> g()\n## helpers.py\ndef f(): return <<1|2>>",
    "alias by assignment": "import helpers\ng = helpers.f\n=> g()\n## helpers.py\ndef f(): return <<1|2>>",
    "attribute of a module": "import helpers\n=> helpers.f()\n## helpers.py\ndef f(): return <<1|2>>",
    "module under another name": "import helpers as h\n=> h.f()\n## helpers.py\ndef f(): return <<1|2>>",
    "star import": "from helpers import *\n=> f()\n## helpers.py\ndef f(): return <<1|2>>",
    "star import of a star import": "from a import *\n=> f()\n## a.py\nfrom b import *\n## b.py\ndef f(): return <<1|2>>",
    "import within a function": "=> self.k()\n\n    def k(self):\n        from helpers import f\n        return f()\n"
                                "## helpers.py\ndef f(): return <<1|2>>",
    "import of a module within a function": "=> self.k()\n\n    def k(self):\n        import pkg.helpers as h\n"
                                            "        return h.f()\n## pkg/helpers.py\ndef f(): return <<1|2>>",
    "import within a class": "=> self.helpers.f()\n\n    import helpers\n## helpers.py\ndef f(): return <<1|2>>",
    "package": "from pkg import f\n=> f()\n## pkg/__init__.py\nfrom pkg.sub import f\n## pkg/sub.py\ndef f(): return <<1|2>>",
    "relative import": "from pkg import f\n=> f()\n## pkg/__init__.py\nfrom .sub import f\n## pkg/sub.py\nfrom . import more\n"
                       "from .more import g\ndef f(): return more.k + g()\n## pkg/more.py\nk = 1\ndef g(): return <<1|2>>",
    "submodule": "import pkg.sub\n=> pkg.sub.f()\n## pkg/__init__.py\n## pkg/sub.py\ndef f(): return <<1|2>>",
    "namespace package": "from pkg.deep import sub\n=> sub.f()\n## pkg/deep/sub.py\ndef f(): return <<1|2>>",
    "module passed around": "import helpers\ndef call(m): return m.f()\n=> call(helpers)\n## helpers.py\ndef f(): return <<1|2>>",
    "module in a table": "import helpers\nTABLE = {'h': helpers}\n=> TABLE['h'].f()\n## helpers.py\ndef f(): return <<1|2>>",
    "getattr by a constant": "import helpers\n=> getattr(helpers, 'f')()\n## helpers.py\ndef f(): return <<1|2>>",
    "getattr by a computed name": "import helpers\n=> getattr(helpers, 'f' + x)()\n## helpers.py\ndef fx(): return <<1|2>>",
    "import_module": "import importlib\n=> importlib.import_module('helpers').f()\n## helpers.py\ndef f(): return <<1|2>>",
    "globals": "def f(): return <<1|2>>\n=> globals()['f']()",
    "module __getattr__": "import helpers\n=> helpers.k\n## helpers.py\ndef __getattr__(name):\n    if name != 'k':\n"
                          "        raise AttributeError(name)\n    return <<1|2>>",
    "fallback of an import": "try:\n    import no_such_thing as h\nexcept ImportError:\n    import helpers as h\n=> h.f()\n"
                             "## helpers.py\ndef f(): return <<1|2>>",
    "conditional definition": "if <<True|False>>:\n    def f(): return 1\nelse:\n    def f(): return 2\n=> f()",
    "which function is imported": "from helpers import <<f|g as f>>\n=> f()\n## helpers.py\ndef f(): return 1\ndef g(): return 2",
    "which module is imported": "import <<a|b as a>>\n=> a.f()\n## a.py\ndef f(): return 1\n## b.py\ndef f(): return 1\n",
    "helper that shadows": "def f(): return 1\n<<|def f(): return 2>>\n=> f()",
    "class of a helper": "class Box:\n    def k(self): return <<1|2>>\n=> Box().k()",
    "class of a returned object": "import helpers\n=> helpers.make().k()\n## helpers.py\nclass Box:\n    def k(self): return <<1|2>>\n"
                                  "def make(): return Box()",
    "subclasses that are looked up": "class Base:\n    pass\nclass Other(Base):\n    k = <<1|2>>\n=> [c.k for c in Base.__subclasses__()]",
    # --- signatures
    "default": "def f(v=<<1|2>>): return v\n=> f()",
    "keyword-only default": "def f(*, v=<<1|2>>): return v\n=> f()",
    "default by name": "K = <<1|2>>\ndef f(v=K): return v\n=> f()",
    "swapped parameters": "def f(<<a, b|b, a>>): return a - b\n=> f(1, 2)",
    "kind of parameter": "def f(a, <<*|>>b): return a\n=> f(1, 2)",
    # --- closures and decorators
    "closure": "def make(k):\n    def f(): return k\n    return f\nf = make(<<1|2>>)\n=> f()",
    "closure body": "def make(k):\n    def f(): return k + <<1|2>>\n    return f\nf = make(1)\n=> f()",
    "decorator": "def deco(f):\n    def g(): return f() + <<1|2>>\n    return g\n@deco\ndef f(): return 1\n=> f()",
    "wrapping decorator": "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def g(): return f() + <<1|2>>\n    return g\n"
                          "@deco\ndef f(): return 1\n=> f()",
    "body under a decorator": "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def g(): return f()\n    return g\n"
                              "@deco\ndef f(): return <<1|2>>\n=> f()",
    "body under a decorator without wraps": "def deco(f):\n    return lambda: f()\n@deco\ndef f(): return <<1|2>>\n=> f()",
    "argument of a decorator": "def times(n):\n    def deco(f):\n        return lambda: n * f()\n    return deco\n@times(<<1|2>>)\n"
                               "def f(): return 1\n=> f()",
    "decorator of a method": "def deco(f):\n    return lambda self: <<1|2>>\n=> self.k()\n\n    @deco\n    def k(self): pass",
    "decorator removed": "def deco(f):\n    return lambda: 1\n<<@deco|>>\ndef f(): return 2\n=> f()",
    "lru_cache": "from functools import lru_cache\n@lru_cache\ndef f(): return <<1|2>>\n=> f()",
    "singledispatch": "from functools import singledispatch\n@singledispatch\ndef f(v): return 0\n@f.register\n"
                      "def _(v: int): return <<1|2>>\n=> f(1)",
    "singledispatch elsewhere": "from helpers import f\nimport more\n=> f(1)\n## helpers.py\nfrom functools import singledispatch\n"
                                "@singledispatch\ndef f(v): return 0\n## more.py\nimport helpers\n@helpers.f.register(int)\n"
                                "def g(v): return <<1|2>>",
    "functools.partial": "import functools\ndef f(v): return v\ng = functools.partial(f, <<1|2>>)\n=> g()",
    "body under functools.partial": "import functools\ndef f(v): return <<1|2>>\ng = functools.partial(f, 1)\n=> g()",
    # --- names of modules
    "number": "K = <<1|2>>\n=> K",
    "type of a number": "K = <<1|1.0>>\n=> K",
    "nested dict": "K = {'a': {'b': [1, {'c': <<1|2>>}]}}\n=> K",
    "set of a module": "K = {1, <<2|3>>}\n=> K",
    "tuple": "K = (1, <<2|3>>)\n=> K",
    "list or tuple": "K = <<[1]|(1,)>>\n=> K",
    "array": "import numpy as np\nK = np.array([1, <<2|3>>])\n=> K",
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass P:\n    v: int = <<1|2>>\nK = P()\n=> K",
    "value of a dataclass": "from dataclasses import dataclass\n@dataclass\nclass P:\n    v: int\nK = P(<<1|2>>)\n=> K",
    "enum": "import enum\nclass E(enum.Enum):\n    A = <<1|2>>\n=> E.A",
    "path": "from pathlib import Path\nK = Path('<<a|b>>')\n=> K",
    "pattern": "import re\nK = re.compile('<<a|b>>')\n=> K",
    "flags of a pattern": "import re\nK = re.compile('a'<<|, re.I>>)\n=> K",
    "instance": "class P:\n    def __init__(self, v): self.v = v\nK = P(<<1|2>>)\n=> K.v",
    "class of an instance": "class P:\n    def __call__(self): return <<1|2>>\nK = P()\n=> K()",
    "named tuple": "from collections import namedtuple\nP = namedtuple('P', '<<a b|b a>>')\n=> P(1, 2)",
    "lambda of a module": "f = lambda: <<1|2>>\n=> f()",
    "constant by another": "A = <<1|2>>\nB = A + 1\n=> B",
    "constant by a function": "def f(): return <<1|2>>\nK = f()\n=> K",
    "augmented": "K = 1\nK += <<1|2>>\n=> K",
    "augmented twice": "K = 1\nK += 1\n<<|K += 1>>\n=> K",
    "rebound": "K = 1\n<<|K = 2>>\n=> K",
    "order of statements": "K = 1\n<<K = K + 1\nK = K * 3|K = K * 3\nK = K + 1>>\n=> K",
    "place of a reader": "A = [1]\n<<B = list(A)|>>\nA.append(2)\n<<|B = list(A)>>\n=> (A, B)",
    "append": "K = []\nK.append(<<1|2>>)\n=> K",
    "item": "K = {}\nK['a'] = <<1|2>>\n=> K",
    "deleted": "K = {'a': 1, 'b': 2}\ndel K['<<a|b>>']\n=> K",
    "attribute of a class": "class P: pass\nP.v = <<1|2>>\n=> P.v",
    "loop": "K = []\nfor v in (1, <<2|3>>):\n    K.append(v)\n=> K",
    "with": "import contextlib\nwith contextlib.suppress(Exception):\n    K = <<1|2>>\n=> K",
    "try": "try:\n    K = <<1|2>>\nexcept ValueError:\n    K = 0\n=> K",
    "if": "FLAG = <<True|False>>\nif FLAG:\n    K = 1\nelse:\n    K = 2\n=> K",
    "walrus of a module": "print(K := <<1|2>>)\n=> K",
    "unpacked": "A, (B, *C) = 1, (2, <<3|4>>)\n=> C",
    "global statement": "K = 0\ndef set_k():\n    global K\n    K = <<1|2>>\nset_k()\n=> K",
    "registry by a decorator": "TABLE = {}\ndef register(f):\n    TABLE[f.__name__] = f\n    return f\n@register\ndef f(): return <<1|2>>\n"
                               "=> TABLE['f']()",
    "registry elsewhere": "import plugins\nfrom registry import TABLE\n=> TABLE['f']()\n## registry.py\nTABLE = {}\n"
                          "def register(name):\n    def deco(f):\n        TABLE[name] = f\n        return f\n    return deco\n"
                          "## plugins.py\nfrom registry import register\n@register('f')\ndef f(): return <<1|2>>",
    "registry by an object": "class R:\n    def __init__(self): self.all = {}\n    def add(self, f):\n        self.all[f.__name__] = f\n"
                             "        return f\nR1 = R()\n@R1.add\ndef f(): return <<1|2>>\n=> R1.all['f']()",
    "registry by a call": "TABLE = []\ndef f(): return <<1|2>>\ndef add(v): TABLE.append(v)\nadd(f)\n=> TABLE[0]()",
    "registry that the base refers to by its class": "class Base:\n    all = {}\n    def __init_subclass__(cls):\n"
                                     "        cls.all[cls.__name__] = cls\nclass Otsu(Base):\n    k = <<1|2>>\n"
                                     "=> Base.all['Otsu'].k",
    "registry by __init_subclass__": "class Base:\n    all = {}\n    def __init_subclass__(cls): Base.all[cls.__name__] = cls\n"
                                     "class Otsu(Base):\n    k = <<1|2>>\n=> Base.all['Otsu'].k",
    "registry by a metaclass": "class Meta(type):\n    all = {}\n    def __init__(cls, *args):\n        cls.all[cls.__name__] = cls\n"
                               "class Base(metaclass=Meta): pass\nclass Otsu(Base):\n    k = <<1|2>>\n=> Base.all['Otsu'].k",
    "filled by a function with arguments": "def fill(table, v): table.append(v)\nK = []\nX = fill(K, <<1|2>>)\n=> K",
    "patched from elsewhere": "import helpers, patch\n=> helpers.f()\n## helpers.py\ndef f(): return 1\n"
                              "## patch.py\nimport helpers\nhelpers.f = lambda: <<1|2>>",
    "patched method": "import patch\n=> self.k()\n\n    def k(self): return 1\nS.k = patch.k\n## patch.py\ndef k(self): return <<1|2>>",
    "method patched by a function": "=> self.k()\n\n    def k(self): return 1\ndef patch(cls):\n    cls.k = lambda self: <<1|2>>\npatch(S)",
    "names made at run time": "for name in 'ab':\n    globals()[name] = <<1|2>>\n=> a",
    "setting of a library": "import numpy as np\nnp.random.seed(<<1|2>>)\n=> np.random.rand()",
    "late import with effects": "from registry import TABLE\n=> self.k()\n\n    def k(self):\n        import plugins\n        return TABLE\n"
                                "## registry.py\nTABLE = []\n## plugins.py\nfrom registry import TABLE\nTABLE.append(<<1|2>>)",
    "annotations of a dataclass": "from dataclasses import dataclass\nclass A:\n    k = <<1|2>>\n@dataclass\nclass P:\n    a: A\n=> P",
    # --- stages made by other means
    "stage made with arguments": "class T(Stage):\n    def __init__(self, k):\n        super().__init__()\n        self.k = k\n"
                                 "    def process(self): return self.k\nS = T(<<1|2>>)",
    "set in the state of a stage": "class T(Stage):\n    def __init__(self, k):\n        super().__init__()\n        self.k = k\nS = T({1, <<2|3>>})",
    "stage made with a lambda": "class T(Stage):\n    def __init__(self, f):\n        super().__init__()\n        self.f = f\nS = T(lambda: <<1|2>>)",
    "stage made with one of two lambdas": "class T(Stage):\n    def __init__(self, f):\n        super().__init__()\n        self.f = f\n"
                                          "a, b = (lambda: 1), (lambda: 2)\nS = T(<<a|b>>)",
    "stage made with a function": "import helpers\nclass T(Stage):\n    def __init__(self, f):\n        super().__init__()\n        self.f = f\n"
                                  "S = T(helpers.f)\n## helpers.py\ndef f(): return <<1|2>>",
    "stage made with an object": "import helpers\nclass T(Stage):\n    def __init__(self, f):\n        super().__init__()\n        self.f = f\n"
                                 "S = T(helpers.F())\n## helpers.py\nclass F:\n    def __call__(self): return <<1|2>>",
    "stage of a factory": "def make(k):\n    class T(Stage):\n        def process(self): return k\n    return T\nS = make(<<1|2>>)",
    "body of a stage of a factory": "def make(k):\n    class T(Stage):\n        def process(self): return k + <<1|2>>\n    return T\nS = make(1)",
    "helper of a stage of a factory": "def f(): return <<1|2>>\ndef make(k):\n    class T(Stage):\n        def process(self): return f()\n"
                                      "    return T\nS = make(1)",
    "attribute of a stage of a factory": "def make(k):\n    class T(Stage):\n        v = k\n        def process(self): return self.v\n"
                                         "    return T\nS = make(<<1|2>>)",
    "stage made by type()": "def process(self): return <<1|2>>\nS = type('T', (Stage,), dict(process=process))",
    "base of a stage made by type()": "class Base(Stage):\n    k = <<1|2>>\nS = type('T', (Base,), {})",
}

CHANGE_NOTHING = {
    "comment": "=> (1)\n# <<one|two>>",
    "docstrings": '"""<<one|two>>"""\n=> f()\n\n    """<<one|two>>"""\ndef f():\n    """<<one|two>>"""\n    return 1',
    "docstring added": "=> f()\ndef f():\n    <<|'''Now described.'''>>\n    return 1",
    "whitespace": "=> f(1,<<| >>2)\ndef f(a, b):\n    <<|\n\n>>    return (<<|\n        >>a)".replace("    <<|\n\n>>", "<<|\n\n>>"),
    "quotes": "=> <<'a'|\"a\">>",
    "parentheses": "=> <<1 + 2|(1) + (2)>>",
    "spelling of numbers": "=> <<1000|1_000>>",
    "spelling of strings": "=> <<'ab'|'a' 'b'>>",
    "spelling of f-strings": "=> <<f'a{x}b'|f'a' f'{x}' 'b'>>",
    "pass": "=> f()\ndef f():\n    <<|pass>>\n    return 1",
    "order of definitions": "<<def f(): return 1|>>\ndef g(): return f()\n=> g()\n<<|def f(): return 1>>",
    "order of constants": "<<A = 1\nB = [2]|B = [2]\nA = 1>>\n=> (A, B)",
    "order of imports": "<<import os\nimport json|import json\nimport os>>\n=> (os.sep, json)",
    "unrelated import": "import os<<|, json>>\nfrom helpers import f<<|, g>>\n=> f(os)\n## helpers.py\ndef f(v): return 1\ndef g(): pass",
    "unrelated submodule": "import xml<<|, xml.dom>>\n=> xml",
    "unrelated function": "=> 1\ndef f(): return <<1|2>>",
    "unrelated function added": "=> 1\n<<|def f(): return 1>>",
    "unrelated constant": "K = <<1|2>>\n=> 1",
    "unrelated method of another class": "class P:\n    def k(self): return <<1|2>>\n=> 1",
    "unrelated stage": "=> 1\nclass Other(Stage):\n    def process(self): return <<1|2>>",
    "unrelated stage of the same base": "class Base(Stage):\n    def __init_subclass__(cls): cls.k = 1\nclass S(Base): pass\n"
                                        "class Other(Base):\n    def process(self): return <<1|2>>",
    "unrelated stage with the same decorator": "TABLE = {}\ndef register(cls):\n    TABLE[cls.__name__] = cls\n    return cls\n"
                                               "@register\nclass S(Stage): pass\n@register\nclass Other(Stage):\n    k = <<1|2>>",
    "unrelated stage in a registry of the base": "class Base(Stage):\n    all = {}\n    def __init_subclass__(cls):\n"
                                                 "        Base.all[cls.__name__] = cls\nclass S(Base): pass\n"
                                                 "class Other(Base):\n    k = <<1|2>>",
    "unrelated stage in a list of the base": "class Base(Stage):\n    all = []\n    def __init_subclass__(cls):\n"
                                             "        cls.all.append(cls)\nclass S(Base): pass\n"
                                             "class Other(Base):\n    k = <<1|2>>",
    "unrelated stage of a metaclass": "class Meta(type):\n    all = {}\n    def __init__(cls, *args):\n"
                                      "        cls.all[cls.__name__] = cls\nclass Base(Stage, metaclass=Meta): pass\n"
                                      "class S(Base): pass\nclass Other(Base):\n    k = <<1|2>>",
    "unrelated name of another module": "import helpers\n=> helpers.f()\n## helpers.py\ndef f(): return 1\ndef g(): return <<1|2>>",
    "unrelated module": "=> 1\n## helpers.py\nK = <<1|2>>",
    "unrelated module that is imported": "import helpers\n=> 1\n## helpers.py\nK = <<1|2>>",
    "unrelated name behind a star import": "from helpers import *\n=> f()\n## helpers.py\ndef f(): return 1\ndef g(): return <<1|2>>",
    "unrelated constant by the same function": "def f(v): return v\nA = f([1])\nB = f([<<1|2>>])\n=> A",
    "unrelated statement": "K = [1]\n=> K\nprint(<<'a'|'b'>>)",
    "unrelated singledispatch": "from functools import singledispatch\n@singledispatch\ndef f(v): return 0\n@f.register\n"
                                "def _(v: int): return 1\n@singledispatch\ndef g(v): return 0\n@g.register\n"
                                "def _(v: int): return <<1|2>>\n=> f(1)",
    "local name like a global one": "def result(): return <<1|2>>\ndef f():\n    result = 3\n    return result\n=> f()",
    "parameter like a global one": "K = <<1|2>>\ndef f(K): return K\n=> f(1)",
    "variable of a comprehension like a global one": "v = <<1|2>>\n=> [v for v in x]",
    "attribute like a global name": "k = <<1|2>>\n=> x.k",
    "main block": "=> 1\nif __name__ == '__main__':\n    K = <<1|2>>",
    "imports for type checkers": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from helpers import <<A|B>>\n=> 1\n"
                                 "## helpers.py\nclass A: pass\nclass B: pass",
    "class that only an annotation names": "from helpers import A\ndef f(a: A): return 1\n=> f(1)\n## helpers.py\n"
                                           "class A:\n    k = <<1|2>>",
    "order of fields": "=> 1\n\n    inputs = [<<'a', 'b'|'b', 'a'>>]",
    "kind of collection of fields": "=> 1\n\n    outputs = <<['a', 'b']|('a', 'b')>>",
    "timeout": "=> 1\n\n    timeout = <<1|2>>",
    "resources, retries, metadata, formats": "=> 1\n\n    resources = <<1|2>>\n    retries = <<1|2>>\n    metadata = {'a': <<1|2>>}\n"
                                             "    formats = {'y': '<<a|b>>'}",
    "steering by a name": "LIMIT = <<1|2>>\n=> 1\n\n    timeout: int = LIMIT",
    "steering of a base": "class Base(Stage):\n    timeout = <<1|2>>\nclass S(Base): pass",
    "steering in a factory": "def make(k):\n    class T(Stage):\n        timeout = <<1|2>>\n        def process(self): return k\n"
                             "    return T\nS = make(1)",
    "enabled_by_default": "=> 1\n\n    enabled_by_default = <<True|False>>",
    "declared defaults": "=> 1\n\n    default_config = {'k': <<1|2>>}",
    "ignored config": "=> 1\n\n    ignore_config = ['<<a|b>>']",
    "logger": "import logging\nlogger = logging.getLogger(__name__)\n=> logger.info('a')\ndef f(): logger.info('<<a|b>>')",
    "order in the state of a stage": "class T(Stage):\n    def __init__(self, k):\n        super().__init__()\n        self.k = k\n"
                                     "S = T({<<'a': 1, 'b': 2|'b': 2, 'a': 1>>})",
    "unrelated stage of a factory": "def make(k):\n    class T(Stage):\n        def process(self): return k\n    return T\n"
                                    "S = make(1)\nO = make(<<1|2>>)",
    "unrelated lambda": "class T(Stage):\n    def __init__(self, f):\n        super().__init__()\n        self.f = f\n"
                        "S, O = T(lambda: 1), T(lambda: <<1|2>>)",
    "fingerprint by version": "=> <<1|2>>\n\n    version = 1\n    fingerprint = 'version'",
    "clock": "import time\nSTARTED = time.time()\n=> STARTED",
    "lock": "import threading\nLOCK = threading.Lock()\n=> LOCK",
    "cache": "CACHE = {}\ndef f(v):\n    CACHE[v] = 1\n    return 1\n=> f(1)\nf(<<1|1 >>)",
}


@pytest.mark.parametrize("text", CHANGE_RESULTS.values(), ids=CHANGE_RESULTS.keys())
def test_an_edit_that_changes_results_is_never_missed(text: str, tmp_path: Path) -> None:
    before, after = edits.before_and_after(tmp_path / "project", text)
    assert before.hash != after.hash
    assert before.parts != after.parts


@pytest.mark.parametrize("text", CHANGE_NOTHING.values(), ids=CHANGE_NOTHING.keys())
def test_an_edit_that_changes_nothing_reruns_nothing(text: str, tmp_path: Path) -> None:
    before, after = edits.before_and_after(tmp_path / "project", text)
    changed = {name: (before.parts.get(name), after.parts.get(name)) for name in {*before.parts, *after.parts}
               if before.parts.get(name) != after.parts.get(name)}
    assert not changed
    assert before.hash == after.hash


@pytest.mark.parametrize("text", [*CHANGE_RESULTS.values(), *CHANGE_NOTHING.values()],
                         ids=[*CHANGE_RESULTS, *CHANGE_NOTHING])
def test_a_project_at_another_place_has_the_same_fingerprint_and_no_warnings(text: str, tmp_path: Path) -> None:
    here, there = (edits.fingerprint(edits.write_files(tmp_path / name, edits.files_of(text, after=True)))
                   for name in ("here", "there/and/deeper"))
    assert here.hash == there.hash
    assert here.warnings == ()
