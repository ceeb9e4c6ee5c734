"""The worker that one would write in Python, to compare with: `make bench PEER=1`.

URLs from a topic, pages over aiohttp with robots.txt obeyed and one request a host at a time, articles by trafilatura on a
pool of processes, copies by MinHash (128 permutations, bands for a Jaccard similarity of 0.7), records to a topic. At
least once: offsets are committed when everything before them has ended. What newswire does beside (a guard against inner addresses,
retries, bounds, transactions, revisions) is left out.

    python worker.py BROKERS GROUP URLS ARTICLES OUTCOMES SITE_PORT

It ends on SIGTERM.
"""

import asyncio
import json
import os
import signal
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import aiohttp
import trafilatura
from confluent_kafka import Consumer, Producer, TopicPartition
from datasketch import MinHash, MinHashLSH

IN_FLIGHT = 256
AGENT = "peer/1.0 (+http://127.0.0.1)"


def extract(page: bytes, url: str) -> dict | None:
    """The article of a page with the fingerprint of its text, on a process of the pool."""
    record = trafilatura.bare_extraction(page, url=url, with_metadata=True)
    if record is None or not record.text:
        return None
    fingerprint = MinHash(num_perm=128)
    words = record.text.lower().split()
    fingerprint.update_batch([" ".join(words[i : i + 5]).encode() for i in range(max(1, len(words) - 4))])
    fields = {"title": record.title, "author": record.author, "date": record.date, "body": record.text}
    return {"article": fields, "fingerprint": fingerprint}


class Worker:
    def __init__(self, brokers, group, urls, articles, outcomes, port):
        self.consumer = Consumer({
            "bootstrap.servers": brokers, "group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest",
        })
        self.consumer.subscribe([urls])
        self.producer = Producer({"bootstrap.servers": brokers, "linger.ms": 50})
        self.urls, self.articles, self.outcomes, self.port = urls, articles, outcomes, port
        self.pool = ProcessPoolExecutor(os.cpu_count())
        self.known = MinHashLSH(threshold=0.7, num_perm=128)
        self.robots, self.turns = {}, defaultdict(asyncio.Lock)
        self.begun, self.done = defaultdict(dict), defaultdict(int)
        self.room = asyncio.Semaphore(IN_FLIGHT)
        self.stopped = False

    async def run(self):
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop)
        async with aiohttp.ClientSession(headers={"User-Agent": AGENT}, connector=aiohttp.TCPConnector(limit=0)) as self.session:
            tasks = set()
            while not self.stopped:
                for message in await loop.run_in_executor(None, self.consumer.consume, 100, 0.2):
                    if message.error():
                        continue
                    await self.room.acquire()
                    self.begun[message.partition()][message.offset()] = False
                    task = asyncio.create_task(self.work(message))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                self.commit()
            await asyncio.gather(*tasks)
        self.commit()
        self.producer.flush(30)
        self.consumer.close()
        self.pool.shutdown()

    def stop(self):
        self.stopped = True

    async def work(self, message):
        url = message.value().decode()
        try:
            outcome = await self.outcome(url)
        except Exception as failure:
            outcome = {"outcome": "rejected", "detail": repr(failure)}
        self.producer.produce(self.outcomes, json.dumps({"url": url, **outcome}))
        self.producer.poll(0)
        self.begun[message.partition()][message.offset()] = True
        self.room.release()

    async def outcome(self, url):
        host = urlsplit(url).netloc
        async with self.turns[host]:
            if not await self.allowed(host, url):
                return {"outcome": "rejected", "reason": "robots_disallowed"}
            status, page = await self.get(url)
        if status != 200:
            return {"outcome": "rejected", "reason": status}
        read = await asyncio.get_running_loop().run_in_executor(self.pool, extract, page, url)
        if read is None:
            return {"outcome": "rejected", "reason": "not_an_article"}
        copies = self.known.query(read["fingerprint"])
        if copies:
            return {"outcome": "duplicate", "of": copies[0]}
        self.known.insert(url, read["fingerprint"], check_duplication=False)
        self.producer.produce(self.articles, json.dumps({"url": url, **read["article"]}))
        return {"outcome": "published"}

    async def allowed(self, host, url):
        if host not in self.robots:
            status, text = await self.get(f"http://{host}/robots.txt")
            parser = RobotFileParser()
            parser.parse(text.decode(errors="replace").splitlines() if status == 200 else [])
            self.robots[host] = parser
        return self.robots[host].can_fetch(AGENT, url)

    async def get(self, url):
        # The bench's hosts all live on one port of loopback.
        parts = urlsplit(url)
        at = f"http://127.0.0.1:{self.port}{parts.path}"
        async with self.session.get(at, headers={"Host": parts.netloc}) as answer:
            return answer.status, await answer.read()

    def commit(self):
        positions = []
        for partition, begun in self.begun.items():
            for offset in sorted(begun):
                if not begun[offset]:
                    break
                del begun[offset]
                self.done[partition] = offset + 1
            if self.done[partition]:
                positions.append(TopicPartition(self.urls, partition, self.done[partition]))
        if positions:
            self.consumer.commit(offsets=positions, asynchronous=True)


async def main():
    # Sets and semaphores want a running loop.
    await Worker(*sys.argv[1:]).run()


if __name__ == "__main__":
    asyncio.run(main())
