"""Re-export; moves to data.outlook."""

from data.outlook import *  # noqa: F403
from data.outlook import Outlook, Windows, outlook_of  # noqa: F401
