"""What is known of names that notebooks use: what changes objects, holds state or touches files.

Each list errs on the side of joining cells: a method that is not known to be harmless changes its
object, and a call that is not known to consume what it is given may keep it.
"""

from __future__ import annotations

import re


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


CHANGING_METHODS = _words(
    "append extend insert remove pop clear sort reverse add discard update setdefault popitem",
    "appendleft popleft extendleft rotate intersection_update difference_update",
    "symmetric_difference_update subtract move_to_end move_to_front push put put_nowait get_nowait",
    "fit fit_transform fit_predict fit_resample partial_fit compile train step reset backward",
    "zero_grad load_state_dict fit_generator train_on_batch learn build add_module register",
    "write writelines writerow writerows writeheader seek read readline readlines truncate flush",
    "read1 readinto send recv close open release acquire start stop run cancel commit rollback",
    "execute executemany executescript fetchone fetchall fetchmany connect disconnect detach",
    "fill resize itemset setflags setfield partition byteswap put_along_axis set_index_names",
    "shuffle seed jumpahead setstate advance spawn __next__ __setitem__ __delitem__ __setattr__",
    "add_subplot subplots add_axes twinx twiny legend annotate axhline axvline axhspan axvspan",
    "hist2d hexbin imshow pcolormesh contour contourf fill_between",
    "errorbar violinplot text tick_params grid margins set suptitle tight_layout",
    "colorbar subplots_adjust add_trace add_traces update_layout update_traces update_xaxes",
    "update_yaxes add_patch add_line add_artist add_collection invert_xaxis invert_yaxis axis",
    "autofmt_xdate minorticks_on clabel quiver streamplot table inset_axes secondary_yaxis",
    "add_node add_edge add_nodes_from add_edges_from remove_node remove_edge",
    "create_dataset create_group drop_all create_all add_argument add_subparsers add_handler",
    "setLevel addHandler removeHandler addFilter throw asend athrow",
)
CHANGING_PREFIXES = ("set_", "add_", "register_", "update_", "remove_", "write_", "append_")
DRAWING_METHODS = _words("plot scatter bar barh hist boxplot pie")
"""Given data they change axes; of a table, given column names at most, they change nothing."""
DRAWN_ON = _words("ax axes axs fig figure out file buf fp stream where_out")
"""Keywords whose argument is changed."""

HARMLESS_METHODS = _words(
    "head tail info describe sample value_counts nunique unique groupby agg aggregate apply map",
    "applymap transform pipe filter sum mean median std var min max count corr cov quantile mode",
    "idxmin idxmax cumsum cumprod cummax cummin diff shift pct_change rolling expanding ewm",
    "resample asfreq pivot pivot_table melt stack unstack merge join concat assign drop",
    "drop_duplicates dropna fillna ffill bfill interpolate replace rename reindex reset_index",
    "set_index sort_values sort_index astype copy query isin isna isnull notna notnull between",
    "nlargest nsmallest round abs clip where mask duplicated equals memory_usage items keys values",
    "iterrows itertuples to_frame to_numpy to_list tolist to_dict to_string to_markdown to_period",
    "to_timestamp select_dtypes crosstab cut explode squeeze transpose eq ne lt le gt ge mul div",
    "sub any all first last nth size rank tz_localize tz_convert at_time between_time kurt skew",
    "sem",
    "get get_group xs item format get_params predict predict_proba transform score",
    "decision_function",
    "inverse_transform cross_validate summary reshape ravel flatten dot argmin argmax argsort",
    "nonzero searchsorted take trace prod ptp conj split join strip lower upper title startswith",
    "endswith find index encode decode splitlines capitalize casefold swapcase zfill center ljust",
    "rjust isdigit isalpha isnumeric isspace partition rpartition rsplit rstrip lstrip",
    "removeprefix removesuffix translate union intersection difference symmetric_difference",
    "issubset issuperset isdisjoint exists is_file is_dir stat as_posix resolve absolute",
    "relative_to",
    "with_suffix with_name isoformat strftime timestamp date time weekday total_seconds mro hist",
    "plot boxplot show display most_common elements parent to_csv to_excel to_parquet to_json",
    "to_pickle to_html to_latex to_sql to_feather to_hdf savefig write_text write_bytes",
    "write_image",
    "write_html render style bit_length hex as_integer_ratio is_integer conjugate cache_info",
    "to_records to_xarray isoweekday __len__ __repr__ __str__ nodes edges degree neighbors",
    "number_of_nodes number_of_edges add_prefix add_suffix set_axis set_flags mkdir",
    "unlink touch rmdir glob rglob iterdir to_clipboard",
)
"""As a whole statement, a call of any other method on a name changes the object it names."""

CONSUMING_METHODS = _words(
    "apply map applymap transform agg aggregate pipe filter sort_values sort_index groupby assign",
    "rename query join replace sub subn reduce fillna where mask combine pivot_table resample mean",
    "sum min max format append extend update sort fit predict score",
)
CONSUMING_CALLS = _words(
    "sorted min max sum any all list tuple set frozenset dict len print str repr isinstance",
    "issubclass int float bool abs round format hash functools.reduce collections.Counter",
    "numpy.array numpy.fromiter pandas.DataFrame pandas.Series pandas.concat re.sub next",
    "scipy.optimize.minimize scipy.optimize.curve_fit scipy.integrate.quad enumerate zip",
    "numpy.apply_along_axis numpy.fromfunction pandas.read_csv display",
)
"""They call or use up what they are given and keep none of it in their result."""

PLAIN_RESULTS = _words(
    "len print str repr isinstance issubclass int float bool round format hash any all ord chr",
    "callable hasattr id display help bin oct hex ascii",
)
"""Their result holds nothing of their arguments."""

VIEWING_METHODS = _words(
    "reshape ravel view transpose swapaxes squeeze diagonal get setdefault values items keys",
    "gca add_subplot subplots twinx twiny add_axes inset_axes groupby __getitem__ cast",
    "iter __iter__ getroot find findall pop popleft popitem",
)
COPYING_METHODS = _words("copy union intersection difference")
COPYING_CALLS = _words(
    "list tuple dict set frozenset sorted sum copy.copy collections.deque collections.OrderedDict",
    "collections.defaultdict collections.ChainMap reversed itertools.chain",
)
"""Their result is new, and holds what they were given holds."""
SHALLOW_METHODS = _words(
    "append extend insert remove pop clear sort reverse add discard update setdefault popitem",
    "appendleft popleft extendleft rotate move_to_end",
)
"""They change the object itself and nothing that it holds."""
ITEM_ACCESSORS = frozenset({"loc", "iloc", "at", "iat"})
BINDABLE_METHODS = _words(
    "append extend insert add update appendleft push put pop remove discard",
    "write setdefault writelines writerow send",
)
VIEWING_CALLS = _words(
    "numpy.asarray numpy.asanyarray numpy.reshape numpy.ravel numpy.squeeze numpy.transpose",
    "numpy.atleast_1d numpy.atleast_2d numpy.swapaxes numpy.diagonal numpy.broadcast_to",
    "numpy.ascontiguousarray memoryview getattr zip enumerate iter vars typing.cast next max min",
    "functools.partial contextlib.nullcontext contextlib.closing filter map",
    "weakref.ref weakref.proxy numpy.split numpy.array_split numpy.moveaxis numpy.expand_dims",
    "numpy.require numpy.rollaxis numpy.nditer numpy.lib.stride_tricks.sliding_window_view",
)
"""Their result may be, or hold, an object that they were given."""

CHANGING_CALLS = {
    "setattr": 0,
    "delattr": 0,
    "next": 0,
    "anext": 0,
    "id": 0,  # what it gives is told by the object's identity
    "random.shuffle": 0,
    "numpy.random.shuffle": 0,
    "numpy.fill_diagonal": 0,
    "numpy.put": 0,
    "numpy.place": 0,
    "numpy.putmask": 0,
    "numpy.copyto": 0,
    "numpy.put_along_axis": 0,
    "numpy.add.at": 0,
    "object.__setattr__": 0,
    "list.append": 0,
    "list.sort": 0,
    "dict.update": 0,
    "operator.setitem": 0,
    "operator.delitem": 0,
    "operator.iadd": 0,
    "json.dump": 1,
    "pickle.dump": 1,
    "csv.writer": 0,
    "shutil.copyfileobj": 1,
    "csv.reader": 0,
    "csv.DictReader": 0,
    "pickle.load": 0,
    "json.load": 0,
}
"""Functions that change an argument, by its place."""
KEEPING_METHODS = _words(
    "append insert add setdefault update extend appendleft extendleft push put put_nowait register",
    "__setitem__ __setattr__ add_module add_node add_edge add_nodes_from add_edges_from set attach",
    "subscribe connect add_trace add_artist",
)
"""Methods after which an object holds what it was given."""
ACCESSORS = frozenset({"plot", "str", "dt", "cat", "style", "sparse"})
CHANGING_MODULES = (
    "heapq.",
    "bisect.insort",
    "torch.nn.init.",
    "torch.nn.utils.",
    "struct.pack_into",
)

ITERATORS = re.compile(
    r"(map|filter|zip|enumerate|reversed|iter|aiter|open)$"
    r"|itertools\.|csv\.(reader|DictReader|writer|DictWriter)|os\.(scandir|walk|fdopen|popen|pipe)"
    r"|io\.open|codecs\.open|gzip\.open|bz2\.open|lzma\.open|zipfile\.ZipFile|tarfile\.open"
    r"|tempfile\.|fileinput\.|mmap\.|shelve\.|dbm\.|sqlite3\.connect|h5py\.File|socket\."
    r"|threading\.|queue\.|multiprocessing\.|concurrent\.futures\.|subprocess\.Popen|asyncio\."
    r"|urllib\.request\.urlopen|requests\.Session|sqlalchemy\.create_engine|duckdb\.connect"
    r"|psycopg2?\.connect|pymysql\.connect|contextlib\.ExitStack|logging\.|tqdm\.|ctypes\."
    r"|weakref\.|contextvars\.|glob\.iglob|re\.finditer|types\.(ModuleType|SimpleNamespace)$"
    r"|importlib\.|tensorflow\.|torch\.|keras\.|jax\.|pyspark\.|dask\.|unittest\.mock\."
)
"""Calls whose result is an iterator, an open file, a connection, a lock or the like."""
ITERATOR_METHODS = _words(
    "iterrows itertuples open cursor connect iterdir glob rglob scandir finditer iter_rows",
    "submit makefile accept begin getLogger get_logger executor execute",
)
GENERATORS = re.compile(
    r"(numpy\.random\.(default_rng|Generator|RandomState|SeedSequence|PCG64|Philox|MT19937|SFC64))$"
    r"|random\.(Random|SystemRandom)$|torch\.Generator$|jax\.random\."
)
CLASS_MAKERS = re.compile(
    r"(collections\.)?namedtuple$|(typing\.)?(NamedTuple|TypedDict|NewType|TypeVar)$"
    r"|(dataclasses\.)?make_dataclass$|(enum\.)?(Enum|IntEnum|StrEnum|Flag|IntFlag)$|type$"
    r"|types\.new_class$|(pydantic\.)?create_model$|abc\.ABCMeta$"
)

RANDOM_STATES = {"random": "random", "numpy.random": "numpy.random"}
RANDOM_STATELESS = _words(
    "default_rng Generator RandomState SeedSequence PCG64 Philox MT19937 SFC64 BitGenerator Random",
    "SystemRandom seed setstate set_state",
)
RANDOM_METHODS = _words(
    "sample rvs resample shuffle choice fit fit_transform fit_predict permutation bootstrap",
    "cross_validate random_sample randomize jitter",
)
SEEDING = re.compile(
    r"(^|\.)(manual_)?(set_)?(random_)?(seed|set_state|setstate|seed_everything)\w*$"
)
QUIET_LIBRARIES = _words(
    "abc argparse array ast base64 bisect builtins calendar cmath collections contextlib copy csv",
    "dataclasses datetime decimal difflib enum fractions functools gc glob gzip hashlib heapq html",
    "io",
    "itertools json locale logging math matplotlib numbers numpy operator os pandas pathlib pickle",
    "platform pprint pyarrow re shutil sqlite3 statistics string struct sys textwrap time timeit",
    "tqdm traceback types typing unicodedata urllib uuid warnings xml yaml zipfile zlib IPython",
    "requests openpyxl xlrd dateutil pytz zoneinfo polars tabulate __future__ inspect importlib",
    "plotly ipywidgets bs4 lxml PIL",
)
"""Modules that never draw from the shared random states unasked (`DataFrame.sample` asks)."""

SETTERS = re.compile(
    r"^(set|use|rc|rcdefaults|filterwarnings|simplefilter|resetwarnings|basicConfig|disable|enable"
    r"|ion|ioff|install|register|seterr|pandas|config|configure|load_backend|switch_backend"
    r"|rc_file|chdir|putenv|unsetenv|captureWarnings|init_notebook_mode|setLevel|despine_all"
    r"|init|initialize|reset_option|reset_defaults|reset_orig|patch|monkeypatch)"
    r"(_\w+)?$|^set[a-z]+$|^set[A-Z]\w*$"
)
"""Last names of the functions by which a module is set up."""
SET_AND_TOLD = re.compile(r"^(set|use|switch|enable|disable)(_\w+|[a-z]+)$")
"""Those that set a module up even where their result is taken."""
LOGGING_METHODS = _words("setLevel addHandler removeHandler addFilter removeFilter")
PYPLOT_DRAWS = re.compile(r"^matplotlib\.pyplot\.(setp|set_loglevel_once|sca|set_cmap|gci)$")
SETTING_PLACES = re.compile(
    r"^(os\.environ|sys\.path|matplotlib\.rcParams|matplotlib\.pyplot\.rcParams|pandas\.options"
    r"|matplotlib\.pyplot\.style|matplotlib\.style|seaborn\.\w+Params|plotly\.io)\b"
)
SYSTEM_MODULES = _words("os sys warnings logging locale decimal gc faulthandler signal builtins")

FILE_READERS = re.compile(
    r"^(pandas\.(read_(?!sql|clipboard|gbq|html)\w+|ExcelFile|HDFStore)|numpy\.(load|loadtxt"
    r"|genfromtxt|fromfile|memmap)|joblib\.load|matplotlib\.(pyplot|image)\.imread|PIL\.Image\.open"
    r"|os\.(listdir|scandir|walk|stat)|os\.path\.(exists|isfile|isdir|getsize|getmtime)"
    r"|glob\.i?glob|skimage\.io\.imread|cv2\.imread|imageio\.(v\d\.)?imread|polars\.(read|scan)_\w+"
    r"|geopandas\.read_file|xarray\.open_\w+|openpyxl\.load_workbook|scipy\.io\.loadmat"
    r"|pyarrow\.(parquet|csv|feather)\.read_\w+|torch\.load|linecache\.getlines?"
    r"|runpy\.run_path|zipfile\.ZipFile|tarfile\.open|h5py\.File|sqlite3\.connect|shelve\.open)$"
)
FILE_WRITERS = re.compile(
    r"^(numpy\.(save|savez|savez_compressed|savetxt)|joblib\.dump|matplotlib\.(pyplot|image)"
    r"\.(savefig|imsave)|os\.(remove|unlink|mkdir|makedirs|rmdir|rename|replace|removedirs|utime"
    r"|truncate|symlink|link)|shutil\.\w+|urllib\.request\.urlretrieve|cv2\.imwrite"
    r"|imageio\.(v\d\.)?imwrite|torch\.save|zipfile\.ZipFile|tarfile\.open|h5py\.File"
    r"|sqlite3\.connect|shelve\.open|pyarrow\.(parquet|csv|feather)\.write_\w+|wget\.download)$"
)
MOVERS = re.compile(
    r"^(shutil\.\w+|os\.(rename|renames|replace|link|symlink)|urllib\.request\.urlretrieve)$"
)
OPENERS = re.compile(r"^(open|io\.open|codecs\.open|gzip\.open|bz2\.open|lzma\.open)$")
METHOD_READERS = _words("read_text read_bytes iterdir glob rglob exists is_file is_dir stat")
METHOD_WRITERS = _words(
    "to_csv to_excel to_parquet to_json to_pickle to_html to_feather to_hdf to_latex to_netcdf",
    "to_stata to_file to_markdown savefig write_text write_bytes write_image write_html",
    "write_csv write_parquet tofile save save_model export mkdir unlink rmdir touch",
)
OWN_PATH_METHODS = _words(
    "read_text read_bytes iterdir glob rglob exists is_file is_dir stat write_text write_bytes",
    "mkdir unlink rmdir touch",
)
"""Methods of a path: the file is the object itself."""
SHELL = re.compile(r"^(os\.(system|popen|exec\w+|spawn\w+)|subprocess\.\w+|pty\.\w+)$")
IMAGES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".svg",
    ".pdf",
    ".eps",
    ".gif",
    ".tif",
    ".tiff",
    ".webp",
    ".html",
)
IMAGE_CALLS = re.compile(r"(savefig|imsave|imread|imwrite|write_image|write_html|Image\.open)$")
TABLE_CALLS = re.compile(
    r"(read_(csv|table|excel|json|parquet|feather|pickle|hdf|stata|fwf)|loadtxt|genfromtxt"
    r"|to_(csv|excel|parquet|json|pickle|feather|hdf|stata)|numpy\.(load|save))$"
)

CLOCK = re.compile(
    r"^(time\.(time|time_ns|perf_counter\w*|monotonic\w*|process_time\w*|localtime|gmtime|ctime"
    r"|strftime)|datetime\.(datetime|date)\.(now|today|utcnow)|pandas\.(Timestamp|Timedelta)\.(now"
    r"|today|utcnow)|uuid\.uuid[14]|secrets\.\w+|os\.urandom|os\.getpid)$"
)
NETWORK = re.compile(
    r"^(requests|urllib\.request|urllib3|httpx|aiohttp|http\.client|socket|ftplib|smtplib|boto3"
    r"|paramiko|yfinance|pandas_datareader|wget|gspread|praw|tweepy)\."
)
SCOPE_READERS = _words("globals locals vars dir")
EXECUTORS = _words("exec eval compile execfile __import__")
IPYTHON_NAMES = _words(
    "get_ipython display In Out exit quit __name__ __file__ __doc__ __builtins__ __spec__",
    "__loader__ __package__ __build_class__ __import__ __debug__ __annotations__ __class__",
)
HISTORY = re.compile(r"(_|__|___|_\d+|Out|In|_i|_ii|_iii|_i\d+|_oh|_ih|_dh)$")
