"""The table of what reaches outside a workflow, or differs each time it is asked.

Data only. `names` are patterns of the module's own names; exceptions, enums and constants of the
same modules stay usable. Add a row here, and both the static check and the lens obey it.
"""

from typing import Final, Literal

import msgspec

FILES: Final = "Read and write files in a step."
PATHS: Final = "Use the file system in a step."
ENVIRONMENT: Final = (
    "Read the environment in a step, or before the run starts and pass it as an argument."
)
ARGUMENTS: Final = (
    "Read the command line before the run starts and pass what it says as an argument."
)
HOST: Final = "It differs between machines and processes: ask for it in a step."
PROCESSES: Final = "Start processes in a step."
NETWORK: Final = "Use the network in a step."
HTTP: Final = "Call other services in a step: its result is recorded, and a failure is retried."
MODELS: Final = "Call the model in a step: its answer is recorded, and a failure is retried."
DATABASE: Final = "Talk to databases in a step."
SLEEP: Final = "Use `await sleep(...)` from outlast: it is durable and blocks nobody."
THREAD: Final = "Make the function a step: a plain `def` step runs in a thread."
THREADS: Final = (
    "Use asyncio.gather or asyncio.TaskGroup to do things at once, and steps for work that blocks."
)
LOCKS: Final = "Use the lock, event or queue of the same name from asyncio."
LOOP: Final = "The workflow runs in an event loop already: await the coroutine."
INPUT: Final = "Ask before the run starts and pass the answer as an argument, or ask in a step."
SIGNALS: Final = "Signals belong to the worker; use cancellation and `sleep` in a workflow."
RANDOM: Final = "Use random, uuid or secrets, which are deterministic in a workflow, or a step."
DRAWN: Final = (
    "Read it in the workflow function or a plain helper, where it is deterministic, and pass it on."
)
SETS: Final = (
    "Sets are ordered differently in each process: iterate `sorted(...)`, or use a list or a dict."
)
GLOBALS: Final = (
    "It outlives the run and is not restored on replay: return the value, or pass it on."
)
SHARED_CHANCE: Final = (
    "It goes on where other runs have left it: make the generator in the workflow."
)
UNSTABLE: Final = "It differs between processes: derive the value from data instead."


def words(text: str) -> frozenset[str]:
    """Names written one after the other."""
    return frozenset(text.split())


class Row(msgspec.Struct, frozen=True):
    """Some names of one module."""

    module: str
    names: tuple[str, ...]
    instead: str
    kind: Literal["refused", "drawn", "unstable"] = "refused"
    attributes: tuple[str, ...] = ()
    known_as: str = ""
    """The module that people import the names from, if it is another one."""


def _refused(module: str, names: str, instead: str, known_as: str = "") -> Row:
    return Row(module, tuple(sorted(words(names))), instead, known_as=known_as)


def _drawn(module: str, names: str, *attributes: str) -> Row:
    return Row(module, tuple(sorted(words(names))), DRAWN, "drawn", attributes)


ROWS: Final = (
    # Files
    _refused("builtins", "open", FILES),
    _refused("io", "open open_code FileIO", FILES),
    _refused("codecs", "open", FILES),
    _refused(
        "os",
        "open fdopen creat remove unlink rename renames replace mkdir makedirs rmdir removedirs link symlink"
        " readlink listdir scandir walk fwalk stat lstat chmod chown lchown utime truncate mkfifo mknod"
        " access statvfs getxattr setxattr listxattr removexattr chdir fchdir chroot sync",
        FILES,
    ),
    _refused(
        "os.path",
        "exists lexists isfile isdir islink ismount getsize getmtime getatime getctime samefile"
        " realpath abspath expanduser expandvars",
        PATHS,
    ),
    Row("pathlib", ("Path", "PosixPath", "WindowsPath"), PATHS, attributes=("cwd", "home")),
    _refused("shutil", "*", FILES),
    _refused("tempfile", "*", FILES),
    _refused("glob", "glob iglob", PATHS),
    _refused("fileinput", "input FileInput", FILES),
    _refused("linecache", "getline getlines", FILES),
    _refused("mmap", "mmap", FILES),
    _refused("shelve", "open", FILES),
    _refused("dbm", "open", DATABASE),
    _refused("aiofiles", "open", FILES),
    # Environment, host
    _refused("os", "environ environb getenv getenvb putenv unsetenv", ENVIRONMENT),
    _refused("sys", "argv orig_argv", ARGUMENTS),
    _refused(
        "os",
        "getpid getppid getcwd getcwdb getlogin cpu_count uname times getloadavg getuid getgid",
        HOST,
    ),
    _refused("getpass", "getuser", HOST),
    _refused("platform", "node uname platform", HOST),
    _refused("uuid", "getnode", HOST),
    # Processes
    _refused(
        "subprocess", "run call check_call check_output getoutput getstatusoutput Popen", PROCESSES
    ),
    _refused(
        "os",
        "system popen fork forkpty exec* spawn* posix_spawn* kill killpg wait wait3 wait4 waitpid waitid"
        " _exit abort startfile pipe pipe2 read write",
        PROCESSES,
    ),
    _refused("pty", "spawn fork", PROCESSES),
    _refused("asyncio", "create_subprocess_exec create_subprocess_shell", PROCESSES),
    _refused("multiprocessing", "*", PROCESSES),
    _refused("multiprocessing.pool", "Pool ThreadPool", PROCESSES),
    # Threads, loops, time that blocks
    _refused("time", "sleep", SLEEP),
    _refused("asyncio", "to_thread", THREAD),
    _refused("asyncio", "run Runner new_event_loop set_event_loop run_coroutine_threadsafe", LOOP),
    _refused("threading", "Thread Timer", THREADS),
    _refused("threading", "Lock RLock Condition Event Semaphore BoundedSemaphore Barrier", LOCKS),
    _refused("queue", "Queue LifoQueue PriorityQueue SimpleQueue", LOCKS),
    _refused("_thread", "start_new_thread", THREADS),
    _refused("_thread", "allocate_lock LockType RLock", LOCKS),
    _refused("concurrent.futures", "ThreadPoolExecutor ProcessPoolExecutor", THREADS),
    _refused("concurrent.futures.thread", "ThreadPoolExecutor", THREADS, "concurrent.futures"),
    _refused("concurrent.futures.process", "ProcessPoolExecutor", THREADS, "concurrent.futures"),
    _refused("signal", "signal alarm setitimer raise_signal pause sigwait* pthread_kill", SIGNALS),
    # People
    _refused("builtins", "input", INPUT),
    _refused("getpass", "getpass", INPUT),
    _refused("webbrowser", "open open_new open_new_tab get", PROCESSES),
    # Network
    _refused(
        "socket",
        "socket create_connection create_server socketpair fromfd getaddrinfo gethostbyname*"
        " gethostbyaddr gethostname getfqdn getnameinfo getservby*",
        NETWORK,
    ),
    _refused(
        "asyncio",
        "open_connection start_server open_unix_connection start_unix_server",
        NETWORK,
    ),
    _refused(
        "urllib.request", "urlopen urlretrieve build_opener install_opener OpenerDirector", HTTP
    ),
    _refused("http.client", "HTTPConnection HTTPSConnection", HTTP),
    _refused("http.server", "HTTPServer ThreadingHTTPServer", NETWORK),
    _refused("socketserver", "*Server", NETWORK),
    _refused("xmlrpc.client", "ServerProxy", HTTP),
    _refused("smtplib", "SMTP SMTP_SSL LMTP", NETWORK),
    _refused("ftplib", "FTP FTP_TLS", NETWORK),
    _refused("imaplib", "IMAP4*", NETWORK),
    _refused("poplib", "POP3*", NETWORK),
    _refused("requests", "get post put patch delete head options request session Session", HTTP),
    _refused(
        "httpx",
        "get post put patch delete head options request stream Client AsyncClient HTTPTransport"
        " AsyncHTTPTransport",
        HTTP,
    ),
    _refused("aiohttp", "request ClientSession TCPConnector", HTTP),
    _refused(
        "urllib3", "request PoolManager ProxyManager HTTP*ConnectionPool connection_from_url", HTTP
    ),
    _refused("grpc", "insecure_channel secure_channel", NETWORK),
    _refused("grpc.aio", "insecure_channel secure_channel", NETWORK),
    _refused("websockets", "connect serve", NETWORK),
    _refused("paramiko", "SSHClient Transport", NETWORK),
    _refused("anyio", "run open_file connect_tcp run_process", NETWORK),
    # Services
    _refused("boto3", "client resource Session", HTTP),
    _refused("aioboto3", "client resource Session", HTTP),
    _refused("slack_sdk", "WebClient", HTTP),
    _refused("stripe", "StripeClient", HTTP),
    _refused("openai", "OpenAI AsyncOpenAI AzureOpenAI AsyncAzureOpenAI", MODELS),
    _refused("anthropic", "Anthropic* AsyncAnthropic*", MODELS),
    _refused("google.genai", "Client", MODELS),
    _refused("google.generativeai", "GenerativeModel configure", MODELS),
    _refused("mistralai", "Mistral", MODELS),
    _refused("cohere", "Client* AsyncClient*", MODELS),
    _refused("groq", "Groq AsyncGroq", MODELS),
    _refused("ollama", "chat generate embed embeddings Client AsyncClient", MODELS),
    _refused("litellm", "completion acompletion embedding aembedding responses aresponses", MODELS),
    # Databases
    _refused("sqlite3", "connect Connection", DATABASE),
    _refused("aiosqlite", "connect Connection", DATABASE),
    _refused("psycopg", "connect Connection AsyncConnection", DATABASE),
    _refused("psycopg_pool", "ConnectionPool AsyncConnectionPool", DATABASE),
    _refused("psycopg2", "connect", DATABASE),
    _refused("asyncpg", "connect create_pool", DATABASE),
    _refused("pymysql", "connect", DATABASE),
    _refused("mysql.connector", "connect", DATABASE),
    _refused("duckdb", "connect", DATABASE),
    _refused("redis", "Redis StrictRedis from_url ConnectionPool", DATABASE),
    _refused("redis.asyncio", "Redis StrictRedis from_url ConnectionPool", DATABASE),
    _refused("pymongo", "MongoClient AsyncMongoClient", DATABASE),
    _refused("elasticsearch", "Elasticsearch AsyncElasticsearch", DATABASE),
    _refused("sqlalchemy", "create_engine Engine", DATABASE),
    _refused("sqlalchemy.ext.asyncio", "create_async_engine AsyncEngine AsyncSession", DATABASE),
    _refused("sqlalchemy.orm", "Session", DATABASE),
    # Chance that the lens does not reach
    _refused("numpy.random", "*", RANDOM),
    # Time and chance that the lens draws from the run
    _drawn("datetime", "datetime", "now", "utcnow", "today"),
    _drawn("datetime", "date", "today"),
    _drawn(
        "time",
        "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns"
        " thread_time thread_time_ns clock_gettime clock_gettime_ns localtime gmtime ctime asctime strftime",
    ),
    _drawn(
        "random",
        "betavariate binomialvariate choice choices expovariate gammavariate gauss getrandbits getstate"
        " lognormvariate normalvariate paretovariate randbytes randint random randrange sample seed"
        " setstate shuffle triangular uniform vonmisesvariate weibullvariate",
    ),
    _drawn("random", "Random", "()"),  # only unseeded, which names do not show: for the lens alone
    _drawn("random", "SystemRandom"),
    _drawn("uuid", "uuid1 uuid4 uuid6 uuid7"),
    _drawn("secrets", "token_bytes token_hex token_urlsafe choice randbelow randbits"),
    # It keeps coroutines in a set, and makes their tasks in the order of their addresses.
    _drawn("asyncio", "as_completed"),
    # Made by themselves they have their address for a hash, and the loop does not know the tasks.
    _drawn("asyncio", "Task Future", "()"),
    _drawn("asyncio", "eager_task_factory"),
    _drawn("os", "urandom getrandom"),
    # What no lens can help
    Row("builtins", ("hash", "id"), UNSTABLE, "unstable"),
)
