namespace DhtTracer.Storage.Columns;

/// <summary>
/// What some queries of a block did with each peer, summed from facts. Peers that none of them heard of are left out. The columns are those
/// of <see cref="PeerColumn"/>. Over 300 lines, because the walk over facts and what it adds up belong together.
/// </summary>
internal sealed class PeerSums
{
    private readonly List<long>[] _columns = [.. Enumerable.Range(0, PeerBlock.Columns).Select(static _ => new List<long>())];

    private PeerSums() { }

    /// <summary>A column.</summary>
    public List<long> this[PeerColumn column] => _columns[(int)column];

    /// <summary>Sums everything.</summary>
    /// <param name="facts">The facts of the block.</param>
    /// <param name="passes">For each query, whether it counts.</param>
    /// <param name="cancelled">Number of the text <see cref="ErrorClass.Cancelled"/>; -1 when there is none.</param>
    public static PeerSums Of(FactBlock facts, bool[] passes, long cancelled)
    {
        var sums = new PeerSums();
        new Walk(facts, passes, cancelled).Run(sums, isKnown: null);
        sums.AddLosses(facts, passes, cancelled);
        return sums;
    }

    /// <summary>
    /// Sums what takes no look at peers that were only heard of, where that changes nothing: without <see cref="PeerColumn.Seen"/>,
    /// <see cref="PeerColumn.Named"/>, the first and last start, and the losses by agent and class.
    /// </summary>
    /// <param name="facts">The facts of the block.</param>
    /// <param name="passes">For each query, whether it counts.</param>
    /// <param name="cancelled">Number of the text <see cref="ErrorClass.Cancelled"/>; -1 when there is none.</param>
    /// <param name="isKnown">Whether a peer was heard of in another block, and its time lost is known.</param>
    public static PeerSums OfContacted(FactBlock facts, bool[] passes, long cancelled, Func<long, bool> isKnown)
    {
        var sums = new PeerSums();
        new Walk(facts, passes, cancelled).Run(sums, isKnown);
        return sums;
    }

    /// <summary>
    /// Sums what a comparison of peers needs: <see cref="PeerColumn.Met"/>, <see cref="PeerColumn.DecisiveLost"/> and its squares, and the
    /// losses by agent and class. Peers that were only heard of, four times as many, are left out where nothing was lost to any of them.
    /// </summary>
    /// <param name="facts">The facts of the block.</param>
    /// <param name="passes">For each query, whether it counts.</param>
    /// <param name="cancelled">Number of the text <see cref="ErrorClass.Cancelled"/>; -1 when there is none.</param>
    public static PeerSums OfMet(FactBlock facts, bool[] passes, long cancelled)
    {
        var sums = OfContacted(facts, passes, cancelled, static _ => true);
        sums.AddLosses(facts, passes, cancelled);
        return sums;
    }

    // The square is that of what an operation lost to all peers of a text, so sums by operation come first. An operation has one decisive
    // query.
    private void AddLosses(FactBlock facts, bool[] passes, long cancelled)
    {
        var roles = facts[FactColumn.QueryRole];
        var operations = 0L;
        for (var query = 0; query < roles.Count; query++)
        {
            operations += passes[query] && roles[query] == (long)QueryRole.DecisiveWithPath ? 1 : 0;
        }

        this[PeerColumn.LossOperations].Add(operations);
        var agents = new Dictionary<(int Query, long Text), long>();
        var classes = new Dictionary<(int Query, long Text), long>();
        foreach (var group in (FactColumn[])[FactColumn.Contacted, FactColumn.Heard])
        {
            AddLosses(facts, group, passes, cancelled, agents, classes);
        }

        foreach (var (losses, first) in new[] { (agents, PeerColumn.LossAgent), (classes, PeerColumn.LossClass) })
        {
            foreach (var text in losses.GroupBy(static loss => loss.Key.Text).OrderBy(static text => text.Key))
            {
                this[first].Add(text.Key);
                this[first + 1].Add(text.Sum(static loss => loss.Value));
                this[first + 2]
                    .Add(
                        BitConverter.DoubleToInt64Bits(
                            text.OrderBy(static loss => loss.Key.Query).Sum(static loss => (double)loss.Value * loss.Value)
                        )
                    );
            }
        }
    }

    private static void AddLosses(
        FactBlock facts,
        FactColumn group,
        bool[] passes,
        long cancelled,
        Dictionary<(int Query, long Text), long> agents,
        Dictionary<(int Query, long Text), long> classes
    )
    {
        var lost = facts[group + (int)FactPart.Lost];
        if (lost.Count == 0)
        {
            return;
        }

        var roles = new long[passes.Length];
        var agentOf = facts.Starts(FactColumn.PairCount);
        facts[FactColumn.QueryRole].CopyTo(0, roles);
        var texts = facts[FactColumn.Agent];
        var pairs = facts[group + (int)FactPart.Pair];
        var errors = facts[group + (int)FactPart.Error];
        var cursor = new FactCursor(facts, group);
        for (var peer = 0; peer < agentOf.Length - 1; peer++)
        {
            cursor.Enter(peer);
            while (cursor.Next())
            {
                if (!cursor.Has(FactFlags.HasLost) || !passes[cursor.Query] || roles[cursor.Query] == (long)QueryRole.Other)
                {
                    continue;
                }

                var ns = lost[cursor.LostAt];
                if (ns <= 0)
                {
                    continue;
                }

                var agent = texts[agentOf[peer] + (int)pairs[cursor.At]];
                if (agent != ColumnCodec.Unknown)
                {
                    agents[(cursor.Query, agent)] = agents.GetValueOrDefault((cursor.Query, agent)) + ns;
                }

                for (var error = 0; error < cursor.Errors; error++)
                {
                    if (errors[cursor.ErrorAt + error] is var text && text != cancelled)
                    {
                        classes[(cursor.Query, text)] = classes.GetValueOrDefault((cursor.Query, text)) + ns;
                        break;
                    }
                }
            }
        }
    }

    /// <summary>Sums peer by peer.</summary>
    private readonly ref struct Walk
    {
        private readonly FactBlock _facts;
        private readonly bool[] _passes;
        private readonly long _cancelled;
        private readonly ColumnView _operations;
        private readonly ColumnView _starts;
        private readonly ColumnView _roles;
        private readonly Group _contacted;
        private readonly Group _heard;

        public Walk(FactBlock facts, bool[] passes, long cancelled)
        {
            (_facts, _passes, _cancelled) = (facts, passes, cancelled);
            _operations = facts[FactColumn.QueryOperation];
            _starts = facts[FactColumn.QueryStart];
            _roles = facts[FactColumn.QueryRole];
            _contacted = new Group(facts, FactColumn.Contacted);
            _heard = new Group(facts, FactColumn.Heard);
        }

        public void Run(PeerSums sums, Func<long, bool>? isKnown)
        {
            var peers = _facts[FactColumn.Peer];
            var contacted = new FactCursor(_facts, FactColumn.Contacted);
            var heard = new FactCursor(_facts, FactColumn.Heard);
            var met = new List<long>();
            for (var i = 0; i < peers.Count; i++)
            {
                var sum = new Sum();
                met.Clear();
                contacted.Enter(i);
                while (contacted.Next())
                {
                    if (_passes[contacted.Query])
                    {
                        Add(ref sum, ref contacted, _contacted, met);
                    }
                }

                if (isKnown is null)
                {
                    heard.Enter(i);
                }
                else if (_heard.HasValues || !((sum.IsHeardOf && sum.TimeLost != ColumnCodec.Unknown) || isKnown(peers[i])))
                {
                    heard.Seek(i);
                }
                else
                {
                    sum.Put(sums, peers[i]);
                    continue;
                }

                AddHeard(ref sum, ref heard, met);
                sum.Put(sums, peers[i]);
            }
        }

        private void AddHeard(ref Sum sum, ref FactCursor heard, List<long> met)
        {
            // Both groups are in the order of operations. One that also dialed or asked the peer is counted already.
            var (at, last) = (0, -1L);
            while (heard.Next())
            {
                if (!_passes[heard.Query])
                {
                    continue;
                }

                var operation = _operations[heard.Query];
                while (at < met.Count && met[at] < operation)
                {
                    at++;
                }

                sum.Seen += operation == last || (at < met.Count && met[at] == operation) ? 0 : 1;
                last = operation;
                AddValues(ref sum, ref heard, _heard);
            }
        }

        private void Add(ref Sum sum, ref FactCursor fact, Group group, List<long> met)
        {
            var operation = _operations[fact.Query];
            if (met.Count == 0 || met[^1] != operation)
            {
                met.Add(operation);
                sum.Seen++;
                sum.Met++;
            }

            if (fact.Has(FactFlags.Queried) && sum.QueriedBy != operation)
            {
                sum.QueriedBy = operation;
                sum.Queried++;
            }

            if (fact.Has(FactFlags.Answered) && sum.AnsweredBy != operation)
            {
                sum.AnsweredBy = operation;
                sum.Answered++;
            }

            AddValues(ref sum, ref fact, group);
        }

        private void AddValues(ref Sum sum, ref FactCursor fact, in Group group)
        {
            var start = _starts[fact.Query];
            sum.First = Math.Min(sum.First, start);
            sum.Last = Math.Max(sum.Last, start);
            if (fact.Has(FactFlags.LostKnown))
            {
                var lost = !fact.Has(FactFlags.HasLost) ? 0 : group.Lost[fact.LostAt];
                sum.TimeLost = lost + (sum.TimeLost == ColumnCodec.Unknown ? 0 : sum.TimeLost);
                if (lost > 0 && _roles[fact.Query] != (long)QueryRole.Other)
                {
                    sum.DecisiveLost += lost;
                    sum.DecisiveSquares += (double)lost * lost;
                }
            }

            if (group.Named[fact.At] is var named && named != ColumnCodec.Unknown)
            {
                sum.Named = named + (sum.Named == ColumnCodec.Unknown ? 0 : sum.Named);
            }

            sum.Requests += !fact.Has(FactFlags.HasRequest) ? 0 : 1;
            sum.Dials += !fact.Has(FactFlags.HasDial) ? 0 : 1;
            for (var error = 0; error < fact.Errors; error++)
            {
                var isCancelled = group.Errors[fact.ErrorAt + error] == _cancelled;
                sum.Cancelled += isCancelled ? 1 : 0;
                sum.Failures += isCancelled ? 0 : 1;
            }
        }
    }

    /// <summary>The lists of a group.</summary>
    private readonly ref struct Group
    {
        public Group(FactBlock facts, FactColumn group)
        {
            Lost = facts[group + (int)FactPart.Lost];
            Named = facts[group + (int)FactPart.Named];
            Errors = facts[group + (int)FactPart.Error];
            HasValues =
                Lost.Count + Errors.Count > 0 || facts[group + (int)FactPart.Request].Count + facts[group + (int)FactPart.Dial].Count > 0;
        }

        public ColumnView Lost { get; }

        public ColumnView Named { get; }

        public ColumnView Errors { get; }

        public bool HasValues { get; }
    }

    /// <summary>One peer.</summary>
    private struct Sum
    {
        public Sum() { }

        public long First = long.MaxValue;
        public long Last = long.MinValue;
        public long Seen;
        public long Met;
        public long Queried;
        public long QueriedBy = -1;
        public long Answered;
        public long AnsweredBy = -1;
        public long Cancelled;
        public long Failures;
        public long TimeLost = ColumnCodec.Unknown;
        public long Named = ColumnCodec.Unknown;
        public long DecisiveLost;
        public double DecisiveSquares;
        public long Requests;
        public long Dials;

        public readonly bool IsHeardOf => First <= Last;

        public readonly void Put(PeerSums sums, long peer)
        {
            if (!IsHeardOf)
            {
                return;
            }

            sums[PeerColumn.Peer].Add(peer);
            sums[PeerColumn.Seen].Add(Seen);
            sums[PeerColumn.Met].Add(Met);
            sums[PeerColumn.Queried].Add(Queried);
            sums[PeerColumn.Answered].Add(Answered);
            sums[PeerColumn.Cancelled].Add(Cancelled);
            sums[PeerColumn.Failures].Add(Failures);
            sums[PeerColumn.TimeLost].Add(TimeLost);
            sums[PeerColumn.Named].Add(Named);
            sums[PeerColumn.First].Add(First);
            sums[PeerColumn.Last].Add(Last);
            sums[PeerColumn.DecisiveLost].Add(DecisiveLost);
            sums[PeerColumn.DecisiveSquares].Add(BitConverter.DoubleToInt64Bits(DecisiveSquares));
            sums[PeerColumn.RequestCount].Add(Requests);
            sums[PeerColumn.DialCount].Add(Dials);
        }
    }
}
