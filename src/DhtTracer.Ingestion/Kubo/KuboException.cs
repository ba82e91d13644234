namespace DhtTracer.Ingestion.Kubo;

/// <summary>Why a Kubo did not run a command, or not to its end.</summary>
public enum KuboProblem
{
    /// <summary>The address, the key or the authorization is unusable. Nothing was sent.</summary>
    BadRequest = 0,

    /// <summary>Nothing answers at the address.</summary>
    Unreachable = 1,

    /// <summary>The API requires an authorization, or a different one (403 from a Kubo, 401 from a proxy).</summary>
    Unauthorized = 2,

    /// <summary>403: the API refuses the origin of the request.</summary>
    Forbidden = 3,

    /// <summary>The server is not a Kubo RPC API: 404, 405, or an answer in another format.</summary>
    NotKubo = 4,

    /// <summary>The daemon has no DHT for this command, or is not online.</summary>
    NoDht = 5,

    /// <summary>The daemon refused the command.</summary>
    Refused = 6,

    /// <summary>The connection was lost before the end of the answer.</summary>
    Cut = 7,

    /// <summary>The answer is too large.</summary>
    TooLarge = 8,
}

/// <summary>A Kubo did not run a command, or not to its end.</summary>
/// <param name="problem">The reason.</param>
/// <param name="message">The place, the problem and the remedy. Contains text from the daemon: hostile.</param>
/// <param name="cause">The cause, if any.</param>
public sealed class KuboException(KuboProblem problem, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The reason.</summary>
    public KuboProblem Problem => problem;
}
