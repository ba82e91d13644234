using DhtTracer.Storage.Packed;

namespace DhtTracer.Storage.Columns;

/// <summary>Finds the peers one of whose agent versions contains a text, whatever its case.</summary>
internal sealed class AgentSearch(INumberedStrings texts, string text)
{
    private readonly Dictionary<long, bool> _matches = [];

    /// <summary>Numbers of the peers.</summary>
    public HashSet<long> Found { get; } = [];

    /// <summary>Looks at the facts that count of a block.</summary>
    public void Add(ScannedPeers block)
    {
        var (facts, passes) = (block.Facts, block.Passes);
        var peers = facts[FactColumn.Peer];
        var agents = facts[FactColumn.Agent];
        var starts = facts.Starts(FactColumn.PairCount);
        for (var i = 0; i < peers.Count; i++)
        {
            var matches = 0;
            for (var pair = starts[i]; pair < starts[i + 1]; pair++)
            {
                matches += Matches(agents[pair]) ? 1 : 0;
            }

            if (matches > 0 && !Found.Contains(peers[i]) && HasFact(facts, passes, i, agents, starts[i]))
            {
                Found.Add(peers[i]);
            }
        }
    }

    private bool HasFact(FactBlock facts, bool[] passes, int peer, ColumnView agents, int firstPair)
    {
        foreach (var group in (FactColumn[])[FactColumn.Contacted, FactColumn.Heard])
        {
            var pairs = facts[group + (int)FactPart.Pair];
            var cursor = new FactCursor(facts, group);
            cursor.Seek(peer);
            while (cursor.Next())
            {
                if (passes[cursor.Query] && Matches(agents[firstPair + (int)pairs[cursor.At]]))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool Matches(long agent)
    {
        if (agent == ColumnCodec.Unknown)
        {
            return false;
        }

        if (!_matches.TryGetValue(agent, out var matches))
        {
            matches = texts.Get(agent).Contains(text, StringComparison.OrdinalIgnoreCase);
            _matches.Add(agent, matches);
        }

        return matches;
    }
}
