using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Packed;

/// <summary>SQL functions that read packed peers: whether a query, or an operation, dialed or asked a peer.</summary>
internal static class PeersFunction
{
    private const string Name = "peers_have";
    private const string WaitingName = "waiting_peers_have";

    /// <summary>Registers the functions on a connection.</summary>
    public static void Register(SqliteConnection connection)
    {
        connection.CreateFunction<byte[]?, long, bool>(
            Name,
            static (peers, peer) => peers is not null && PeerIndex.Contacted(peers).Contains(peer),
            isDeterministic: true
        );
        connection.CreateFunction<byte[], long, bool>(
            WaitingName,
            static (peers, peer) => PeerIndex.Has(peers, peer),
            isDeterministic: true
        );
    }

    /// <summary>SQL condition: the packed peers of <c>x</c> contain the peer whose number is in a parameter.</summary>
    public static string Condition(string parameter) => $"{Name}(x.data, @{parameter})";

    /// <summary>SQL condition: a row of <c>peer_operation_recent</c> has the peer whose number is in a parameter.</summary>
    public static string WaitingCondition(string parameter) => $"{WaitingName}(peers, @{parameter})";
}
