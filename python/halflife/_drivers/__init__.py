"""The *drivers* connect stores to an event loop. Nothing outside this folder imports asyncio."""
